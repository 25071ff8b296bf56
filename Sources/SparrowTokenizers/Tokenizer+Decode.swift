extension Tokenizer {
  /// The text of some tokens, with U+FFFD for bytes that are no character; ids out of range add
  /// nothing.
  ///
  /// `skipSpecial` leaves out control and unknown tokens. The space that SentencePiece puts before
  /// a text is dropped.
  public func decode(_ ids: some Sequence<Int32>, skipSpecial: Bool = false) -> String {
    var bytes: [UInt8] = []
    for id in ids { append(id, skipSpecial: skipSpecial, to: &bytes) }
    let drops = description.dropsFirstSpace && bytes.first == UInt8(ascii: " ")
    return String(decoding: drops ? bytes[1...] : bytes[...], as: UTF8.self)
  }

  /// Appends what a token adds to a text.
  func append(_ id: Int32, skipSpecial: Bool, to bytes: inout [UInt8]) {
    guard id >= 0, Int(id) < vocabularySize else { return }
    if skipSpecial, description.kinds[Int(id)].isSpecial { return }
    bytes += description.vocabulary.bytes(of: id)
  }
}
