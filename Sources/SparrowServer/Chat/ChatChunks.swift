import Sparrow

/// Writes a chat's stream.
struct ChatChunks: Sendable {
  private let question: ChatQuestion
  private let tokenizer: Tokenizer
  private let events: EventBytes
  private let activity: ActivityText

  init(_ question: ChatQuestion, _ service: ModelService) {
    self.question = question
    tokenizer = service.tokenizer
    activity = ActivityText(service.model)
    events = EventBytes(
      id: Identifier.make("chatcmpl-"), object: "chat.completion.chunk",
      service: service, created: ModelService.now,
      tellsUsage: question.options.tellsUsage)
  }

  func write(_ running: RunningChoices, _ send: ([UInt8]) async throws -> Void) async throws {
    var choices = Array(repeating: ChatChoice(question.parser), count: question.options.choices)
    var hasBegun = Array(repeating: false, count: choices.count)
    var usage = Usage()
    try await running.forEach { event in
      guard case .piece(let index, let piece) = event else {
        return try await send(EventBytes.ping)
      }
      var chunk = JSONBytes()
      if !hasBegun[index] {
        hasBegun[index] = true
        events.write(index, finish: nil, into: &chunk) {
          $0.raw(#""delta":{"role":"assistant","content":""},"logprobs":null"#)
        }
      }
      write(piece, of: index, &choices[index], into: &chunk)
      if let result = piece.result { usage.add(result, countsPrompt: index == 0) }
      if !chunk.bytes.isEmpty { try await send(chunk.bytes) }
    }
    var last = JSONBytes()
    events.end(usage.json, into: &last)
    try await send(last.bytes)
  }

  private func write(
    _ piece: GenerationPiece, of index: Int, _ choice: inout ChatChoice,
    into chunk: inout JSONBytes
  ) {
    let tellsTokens = question.options.logProbabilities != nil && !piece.tokens.isEmpty
    var sparrow =
      question.options.tellsActivity && !piece.activity.isEmpty
      ? activity.json(piece.activity) : nil
    var tokens = tellsTokens ? piece.tokens : []
    let before = choice.calls.count
    var parts = choice.take(piece, keepsTokens: false)
    // Tokens may come without text that is certain.
    if parts.isEmpty, tellsTokens || sparrow != nil { parts = [.text("")] }
    var call = before - 1
    for part in parts {
      events.write(index, finish: nil, into: &chunk, sparrow: sparrow) { chunk in
        chunk.raw("\"delta\":{")
        if case .call = part { call += 1 }
        write(part, call: call, of: choice, into: &chunk)
        chunk.raw("},\"logprobs\":")
        writeTokens(tokens, into: &chunk)
      }
      (sparrow, tokens) = (nil, [])
    }
    guard piece.result != nil else { return }
    events.write(index, finish: choice.finishReason, into: &chunk) {
      $0.raw(#""delta":{},"logprobs":null"#)
    }
  }

  private func write(
    _ part: AnswerPart, call: Int, of choice: ChatChoice, into chunk: inout JSONBytes
  ) {
    switch part {
    case .text(let text):
      chunk.raw("\"content\":")
      chunk.string(text)
    case .call(let name):
      chunk.raw(
        "\"tool_calls\":[{\"index\":\(call),\"id\":\"\(choice.calls[call].id ?? "")\","
          + "\"type\":\"function\",\"function\":{\"name\":")
      chunk.string(name)
      chunk.raw(",\"arguments\":\"\"}}]")
    case .arguments(let text):
      chunk.raw("\"tool_calls\":[{\"index\":\(call),\"function\":{\"arguments\":")
      chunk.string(text)
      chunk.raw("}}]")
    }
  }

  private func writeTokens(_ tokens: [GeneratedToken], into chunk: inout JSONBytes) {
    guard !tokens.isEmpty else { return chunk.raw("null") }
    chunk.raw("{\"content\":")
    chunk.value(.array(tokens.map { $0.chatJSON(tokenizer) }))
    chunk.raw("}")
  }
}
