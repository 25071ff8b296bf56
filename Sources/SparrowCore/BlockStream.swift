/// Cuts bytes that arrive in pieces into the blocks of 64 that SHA-1 and SHA-256 fold.
struct BlockStream: Sendable {
  private var tail: [UInt8] = []
  private var byteCount: UInt64 = 0

  init() { tail.reserveCapacity(128) }

  /// Takes the next bytes; `fold` gets runs of whole blocks, which may be empty.
  mutating func take(
    _ bytes: UnsafeRawBufferPointer, fold: (_ blocks: UnsafeRawBufferPointer) -> Void
  ) {
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

  /// What must follow the bytes so far to fill the last block, as FIPS 180-4 says.
  var padding: [UInt8] {
    [0x80] + Array(repeating: 0, count: (119 - tail.count) % 64) + bigEndian(byteCount &* 8)
  }
}

/// The bytes of an integer, the greatest first.
func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// Two lower-case hexadecimal digits a byte.
func hexDigits(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
