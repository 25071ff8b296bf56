public import SparrowTemplates

extension Tokenizer {
  /// The tokens of a text.
  ///
  /// - Parameters:
  ///   - addSpecial: puts the start token before the text, and the end token after it, where the
  ///     model
  ///     was trained so.
  ///   - parseSpecial: control tokens written in the text become their ids; for text that the
  ///     program
  ///     wrote, never for a user's. User-defined tokens become their ids in any case.
  /// - Complexity: linear, but n log n in the longest stretch that cannot be cut.
  public func encode(
    _ text: String, addSpecial: Bool = true, parseSpecial: Bool = false
  ) -> [Int32] {
    var text = text
    return text.withUTF8 { bytes in
      var encoder = TextEncoder(self, byteCount: bytes.count)
      if addSpecial, addsBOS, let bos { encoder.tokens.append(bos) }
      encoder.encode(bytes, parseSpecial: parseSpecial)
      if addSpecial, description.addsEOS, let eos { encoder.tokens.append(eos) }
      return encoder.tokens
    }
  }

  /// The tokens of a conversation's prompt: control tokens are read in what the template wrote, and
  /// in the conversation's own words they are text.
  public func encode(_ prompt: ChatPrompt) -> [Int32] {
    var text = prompt.text
    return text.withUTF8 { bytes in
      var encoder = TextEncoder(self, byteCount: bytes.count)
      encoder.encode(bytes, parseSpecial: true, words: prompt.words)
      return encoder.tokens
    }
  }
}
