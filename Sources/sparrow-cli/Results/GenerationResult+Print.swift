import Sparrow
import SparrowCore

extension GenerationResult {
  /// One line for people: `128 tokens, 187 tokens/s (prompt: 12 tokens, 512 tokens/s)`.
  var summary: String {
    let speed = Quantity.number(tokensPerSecond)
    let prompt = Quantity.number(promptSeconds > 0 ? Double(promptTokens) / promptSeconds : 0)
    let doubts = fallbacks > 0 ? ", \(fallbacks) with the dense head" : ""
    return "[\(tokens.count) tokens, \(speed) tokens/s\(doubts); prompt \(promptTokens) tokens, "
      + "\(prompt) tokens/s; \(reason.rawValue)]"
  }

  var json: JSON {
    [
      "text": .string(text), "tokens": .array(tokens.map { .integer(Int($0)) }),
      "reason": .string(reason.rawValue), "prompt_tokens": .integer(promptTokens),
      "prompt_seconds": .number(promptSeconds), "decode_seconds": .number(decodeSeconds),
      "tokens_per_second": .number(tokensPerSecond), "fallbacks": .integer(fallbacks),
    ]
  }
}
