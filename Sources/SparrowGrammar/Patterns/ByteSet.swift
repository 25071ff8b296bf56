/// A set of bytes, 256 bits.
struct ByteSet: Hashable, Sendable {
  private var words: SIMD4<UInt64>

  private init(words: SIMD4<UInt64>) { self.words = words }

  static let none = ByteSet(words: .zero)
  static let all = ByteSet(words: SIMD4(repeating: .max))

  init(_ byte: UInt8) {
    words = .zero
    insert(byte)
  }

  init(_ range: ClosedRange<UInt8>) {
    words = .zero
    for byte in range { insert(byte) }
  }

  init(_ bytes: some Sequence<UInt8>) {
    words = .zero
    for byte in bytes { insert(byte) }
  }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  var isEmpty: Bool { words == .zero }

  /// The lowest member.
  var first: UInt8? {
    for index in 0..<4 where words[index] != 0 {
      return UInt8(64 * index + words[index].trailingZeroBitCount)
    }
    return nil
  }

  func union(_ other: ByteSet) -> ByteSet { ByteSet(words: words | other.words) }
  func intersection(_ other: ByteSet) -> ByteSet { ByteSet(words: words & other.words) }
  func subtracting(_ other: ByteSet) -> ByteSet { ByteSet(words: words & ~other.words) }
  var complement: ByteSet { ByteSet(words: ~words) }

  /// Calls for each member, ascending.
  @inline(__always)
  func forEach(_ body: (UInt8) -> Void) {
    for index in 0..<4 {
      var rest = words[index]
      while rest != 0 {
        body(UInt8(64 * index + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
  }
}
