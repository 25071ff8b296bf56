extension TokenizerDescription {
  /// Texts of control tokens that end a turn or a text in some family.
  static let endTexts = [
    "</s>", "<|endoftext|>", "<|im_end|>", "<|end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>",
    "<end_of_turn>", "<eos>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<end_of_utterance>", "<turn|>",
    "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
    "<\u{FF5C}end\u{2581}of\u{2581}sentence\u{FF5C}>",
  ].map { Array($0.utf8) }

  /// Tokens after which a model has nothing more to say.
  var endTokens: Set<Int32> {
    var ends = ends
    if let eos { ends.insert(eos) }
    let found = added.filter {
      kinds[Int($0.id)] == .control && Self.endTexts.contains($0.text)
    }
    // Where a turn is returned or calls a tool, <|end|> ends only one of its messages.
    let texts = Set(found.map(\.text))
    func has(_ a: String, _ b: String) -> Bool {
      texts.contains(Array(a.utf8)) && texts.contains(Array(b.utf8))
    }
    let endsMessages = has("<|return|>", "<|call|>") || has("<|calls|>", "<|flush|>")
    for token in found where !(endsMessages && token.text.elementsEqual("<|end|>".utf8)) {
      ends.insert(token.id)
    }
    return ends
  }
}
