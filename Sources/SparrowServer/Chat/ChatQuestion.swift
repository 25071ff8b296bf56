import Sparrow

/// A request for a chat's answer, read and checked.
struct ChatQuestion: Sendable {
  let options: AnswerOptions
  let prompt: [Int32]
  let parser: ToolCallParser

  init(_ fields: RequestFields, _ service: ModelService) throws(APIError) {
    var options = try AnswerOptions(fields, service)
    let lengths = 0...1 << 30
    let former = try fields.int("max_tokens", in: lengths)
    options.maximumTokens = try fields.int("max_completion_tokens", in: lengths) ?? former
    let likeliest = try fields.int("top_logprobs", in: 0...AnswerOptions.likeliest)
    if try fields.bool("logprobs") {
      options.logProbabilities = likeliest ?? 0
    } else if likeliest != nil {
      throw fields.refusal("top_logprobs", "logprobs beside it")
    }
    let tools = try ToolSet(fields)
    let format = ToolFormat(service.tokenizer.chatTemplate)
    let answer = try AnswerGrammar.read(try fields.object("response_format"))
    if let grammar = tools.grammar(format, or: answer) {
      let field = answer == nil ? "tools" : "response_format"
      options.constraint = try service.constraint(grammar, field: field)
    }
    let given = try fields.object("chat_template_kwargs")?.json.members ?? []
    prompt = try service.prompt(
      ChatMessages(fields), tools,
      variables: Dictionary(given.map { ($0.key, $0.value) }) { $1 }, field: "messages")
    parser = ToolCallParser(format, tools)
    try options.checkProbabilities([prompt], fields, "top_logprobs", service)
    self.options = options
  }

  /// Queues its choices.
  func run(
    for request: ServerRequest, _ service: ModelService
  ) throws(APIError) -> RunningChoices {
    let requests = (0..<options.choices).map { options.request(prompt, choice: $0, service) }
    return try RunningChoices(requests, for: request.client, service, promptField: "messages")
  }
}
