/// Decodes tokens as they come; the pieces joined are what `Tokenizer.decode` gives for all of
/// them, or, `continuing` other text, what they add to it: the first token then keeps its leading
/// space.
///
/// Holds back bytes that may become a character: at most 3.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  private var pending: [UInt8] = []
  private var dropsSpace: Bool

  public init(_ tokenizer: Tokenizer, skipSpecial: Bool = true, continuing: Bool = false) {
    self.tokenizer = tokenizer
    self.skipSpecial = skipSpecial
    dropsSpace = !continuing && tokenizer.description.dropsFirstSpace
  }

  /// The text that is certain once `id` has come; may be empty.
  public mutating func append(_ id: Int32) -> String {
    tokenizer.append(id, skipSpecial: skipSpecial, to: &pending)
    if dropsSpace, let first = pending.first {
      dropsSpace = false
      if first == UInt8(ascii: " ") { pending.removeFirst() }
    }
    let whole = pending.count - Self.openBytes(pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// What was held back; U+FFFD for a character that never ended.
  public mutating func finish() -> String {
    defer { pending.removeAll() }
    return String(decoding: pending, as: UTF8.self)
  }

  /// Bytes at the end that begin a character and do not end it.
  private static func openBytes(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
