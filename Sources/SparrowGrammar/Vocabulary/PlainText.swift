/// Characters that stand for themselves wherever text is wanted: whole ones in UTF-8, without those
/// that JSON escapes, and without `<`, which begins most markers.
enum PlainText {
  /// ASCII's part.
  static let ascii = ByteSet(0x20...0x7E).subtracting(ByteSet("\"\\<".utf8))

  /// How many plain characters some bytes are; 0 where they are anything else, and where they are
  /// more than 255.
  static func characters(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt8 {
    var at = 0
    var count = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte < 0x80 {
        guard ascii.contains(byte) else { return 0 }
        at += 1
      } else {
        guard let ranges = UTF8Ranges.multibyte.first(where: { $0[0].contains(byte) }),
          at + ranges.count <= bytes.count,
          ranges.indices.allSatisfy({ ranges[$0].contains(bytes[at + $0]) })
        else { return 0 }
        at += ranges.count
      }
      count += 1
    }
    return count > 255 ? 0 : UInt8(count)
  }
}
