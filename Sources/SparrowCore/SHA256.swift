internal import CSparrowSystem

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
///
/// Reads 1.5 to 2 GB/s where the processor has SHA instructions, a quarter of that elsewhere.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var tail: [UInt8] = []
  private var byteCount: UInt64 = 0
  private let portable: Bool

  public init() { self.init(portable: false) }

  /// `portable` keeps to plain C, so that one machine tests both ways.
  package init(portable: Bool) {
    self.portable = portable
    tail.reserveCapacity(128)
  }

  /// Takes the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    var rest = bytes[...]
    if !tail.isEmpty {
      let taken = rest.prefix(64 - tail.count)
      tail.append(contentsOf: taken)
      rest = rest.dropFirst(taken.count)
      guard tail.count == 64 else { return }
      tail.withUnsafeBytes { fold($0) }
      tail.removeAll(keepingCapacity: true)
    }
    let whole = rest.prefix(rest.count / 64 * 64)
    fold(UnsafeRawBufferPointer(rebasing: whole))
    tail.append(contentsOf: rest.dropFirst(whole.count))
  }

  /// Takes the next bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// Takes the UTF-8 bytes of a text.
  public mutating func update(_ text: String) { update(Array(text.utf8)) }

  /// The digest of all bytes so far, 32 bytes.
  public func digest() -> [UInt8] {
    var end = self
    var padding: [UInt8] = [0x80]
    padding += Array(repeating: 0, count: (119 - tail.count) % 64)
    padding += (0..<8).map { UInt8(truncatingIfNeeded: (byteCount &* 8) >> (56 - 8 * $0)) }
    end.update(padding)
    return end.state.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
    }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public func hexDigest() -> String {
    digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The hexadecimal digest of one run of bytes.
  public static func hex(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  /// The hexadecimal digest of a whole file; gives its pages back as it goes.
  public static func hex(of file: MappedFile) -> String {
    var hash = SHA256()
    for start in stride(from: 0, to: file.bytes.count, by: 1 << 24) {
      let range = start..<min(start + 1 << 24, file.bytes.count)
      hash.update(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
      file.release(range)
    }
    withExtendedLifetime(file) {}
    return hash.hexDigest()
  }

  private mutating func fold(_ blocks: UnsafeRawBufferPointer) {
    guard let base = blocks.baseAddress, blocks.count > 0 else { return }
    let portable = portable
    state.withUnsafeMutableBufferPointer {
      ss_sha256(
        $0.baseAddress!, base.assumingMemoryBound(to: UInt8.self), blocks.count / 64, portable)
    }
  }
}
