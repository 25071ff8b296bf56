import Sparrow

/// The tokens that a request's choices took.
struct Usage: Sendable {
  private(set) var promptTokens = 0
  private(set) var cachedTokens = 0
  private(set) var answerTokens = 0

  /// Adds a choice's; of those that share a prompt only the first one counts it.
  mutating func add(_ result: GenerationResult, countsPrompt: Bool) {
    answerTokens += result.tokens.count
    guard countsPrompt else { return }
    promptTokens += result.promptTokens
    cachedTokens += result.cachedTokens
  }

  /// As chats and completions tell it.
  var json: JSON {
    [
      "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(answerTokens),
      "total_tokens": .integer(promptTokens + answerTokens),
      "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens)],
    ]
  }

  /// As responses tell it.
  var responseJSON: JSON {
    [
      "input_tokens": .integer(promptTokens),
      "input_tokens_details": ["cached_tokens": .integer(cachedTokens)],
      "output_tokens": .integer(answerTokens),
      "output_tokens_details": ["reasoning_tokens": 0],
      "total_tokens": .integer(promptTokens + answerTokens),
    ]
  }
}

extension GenerationResult.Reason {
  /// OpenAI's word.
  var word: String { self == .length || self == .context ? "length" : "stop" }
}
