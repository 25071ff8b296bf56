import Sparrow

extension GeneratedToken {
  /// As chats tell a token: its text, with U+FFFD for what is no character, and its bytes.
  func chatJSON(_ tokenizer: Tokenizer) -> JSON {
    let top = likeliest.map { token in
      Self.chatJSON(tokenizer.bytes(of: token.id), token.logProbability)
    }
    let own = Self.chatJSON(bytes, logProbability).members ?? []
    return .object(own + [(key: "top_logprobs", value: .array(top))])
  }

  private static func chatJSON(_ bytes: [UInt8], _ logProbability: Float?) -> JSON {
    [
      "token": .string(String(decoding: bytes, as: UTF8.self)),
      "logprob": .logProbability(logProbability),
      "bytes": .array(bytes.map { .integer(Int($0)) }),
    ]
  }
}

/// A token's text where texts must differ when tokens do: bytes that are no text of their own are
/// written as numbers.
func distinctText(_ bytes: [UInt8]) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  return "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
