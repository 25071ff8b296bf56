/// Which bytes follow which inside some mergeable token, 8 KB.
///
/// Where two neighbouring bytes of a text never meet in a token, no merge can cross: text may be
/// cut there, exactly, even for vocabularies that have no pre-tokeniser.
struct Adjacency: Sendable {
  private var bits = [UInt64](repeating: 0, count: 1024)

  mutating func insert(_ token: ArraySlice<UInt8>) {
    var last: UInt8?
    for byte in token {
      if let last { bits[Int(last) << 2 | Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
      last = byte
    }
  }

  @inline(__always)
  func has(_ first: UInt8, _ second: UInt8) -> Bool {
    bits[Int(first) << 2 | Int(second >> 6)] >> UInt64(second & 63) & 1 != 0
  }
}
