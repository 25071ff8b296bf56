import Sparrow

/// A request for completions, read and checked.
struct CompletionQuestion: Sendable {
  let options: AnswerOptions
  let prompts: [CompletionPrompt]
  /// Answers begin with their prompts.
  let echoes: Bool

  /// OpenAI's `max_tokens` for requests that have none.
  private static let usualTokens = 16

  init(_ fields: RequestFields, _ service: ModelService) throws(APIError) {
    var options = try AnswerOptions(fields, service)
    options.maximumTokens =
      try fields.int("max_tokens", in: 0...1 << 30) ?? Self.usualTokens
    options.logProbabilities = try fields.int("logprobs", in: 0...AnswerOptions.likeliest)
    echoes = try fields.bool("echo")
    options.scoresPrompt = echoes && options.logProbabilities != nil
    if let suffix = try fields.text("suffix"), !suffix.isEmpty {
      throw fields.refusal("suffix", "none: models continue texts here")
    }
    if let grammar = try AnswerGrammar.read(try fields.object("response_format")) {
      options.constraint = try service.constraint(grammar, field: "response_format")
    }
    prompts = try CompletionPrompt.read(fields, service)
    guard prompts.count * options.choices <= service.choiceLimit else {
      throw fields.refusal("n", "at most \(service.choiceLimit) choices of all prompts")
    }
    try options.checkProbabilities(prompts.map(\.tokens), fields, "logprobs", service)
    self.options = options
  }

  /// The choices, all of the first prompt first.
  var count: Int { prompts.count * options.choices }

  func prompt(of choice: Int) -> CompletionPrompt { prompts[choice / options.choices] }

  /// Whether a choice is the first one of its prompt.
  func isFirst(_ choice: Int) -> Bool { choice % options.choices == 0 }

  /// Queues its choices.
  func run(
    for request: ServerRequest, _ service: ModelService
  ) throws(APIError) -> RunningChoices {
    let requests = (0..<count).map { index in
      options.request(
        prompt(of: index).tokens, choice: index % options.choices, service)
    }
    return try RunningChoices(requests, for: request.client, service, promptField: "prompt")
  }
}
