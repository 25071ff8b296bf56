/// A stop text, and how much of its beginning stands at the end of a text: Knuth, Morris and Pratt,
/// "Fast pattern matching in strings" (1977).
struct StopText {
  private let bytes: [UInt8]
  /// For each count of bytes that stand there, the next smaller one that does too.
  private var smaller = [0, 0]
  /// Bytes of its beginning at the text's end, as many as may be.
  private(set) var matched = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
    for byte in bytes.dropFirst() { smaller.append(extended(smaller[smaller.count - 1], byte)) }
  }

  var isComplete: Bool { matched == bytes.count }

  /// Takes the text's next byte. Constant time on average over a text.
  mutating func take(_ byte: UInt8) { matched = extended(matched, byte) }

  private func extended(_ count: Int, _ byte: UInt8) -> Int {
    var count = count
    while count == bytes.count || bytes[count] != byte {
      if count == 0 { return 0 }
      count = smaller[count]
    }
    return count + 1
  }
}
