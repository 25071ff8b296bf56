internal import CSparrowSystem

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
///
/// Reads 1.5 to 2 GB/s where the processor has SHA instructions, a quarter of that elsewhere.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var stream = BlockStream()
  private let portable: Bool

  public init() { self.init(portable: false) }

  /// `portable` keeps to plain C, so that one machine tests both ways.
  package init(portable: Bool) { self.portable = portable }

  /// Takes the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var state = state
    stream.take(bytes) { [portable] in Self.fold($0, into: &state, portable) }
    self.state = state
  }

  /// Takes the next bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// Takes the UTF-8 bytes of a text.
  public mutating func update(_ text: String) { update(Array(text.utf8)) }

  /// The digest of all bytes so far, 32 bytes.
  public func digest() -> [UInt8] {
    var end = self
    end.update(stream.padding)
    return end.state.flatMap { bigEndian($0) }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public func hexDigest() -> String { hexDigits(digest()) }

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

  private static func fold(
    _ blocks: UnsafeRawBufferPointer, into state: inout [UInt32], _ portable: Bool
  ) {
    guard let base = blocks.baseAddress, blocks.count > 0 else { return }
    state.withUnsafeMutableBufferPointer {
      ss_sha256(
        $0.baseAddress!, base.assumingMemoryBound(to: UInt8.self), blocks.count / 64, portable)
    }
  }
}
