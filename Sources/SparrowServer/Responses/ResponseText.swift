import Sparrow

/// A response as it grows: its items, and itself.
struct ResponseText {
  let question: ResponseQuestion
  let model: String
  private(set) var choice: ChatChoice
  private let messageID = Identifier.make("msg_")

  init(_ question: ResponseQuestion, model: String) {
    self.question = question
    self.model = model
    choice = ChatChoice(question.parser)
  }

  mutating func take(_ piece: GenerationPiece) -> [AnswerPart] {
    choice.take(piece, keepsTokens: false)
  }

  /// The message's content, once whole.
  var content: JSON {
    ["type": "output_text", "text": .string(choice.text), "annotations": [], "logprobs": []]
  }

  /// The message; begun, it has no content.
  func message(isWhole: Bool) -> JSON {
    [
      "id": .string(messageID), "type": "message", "role": "assistant",
      "status": isWhole ? .string(status) : "in_progress", "content": isWhole ? [content] : [],
    ]
  }

  /// A call; begun, it has no arguments.
  func call(_ index: Int, isWhole: Bool) -> JSON {
    let call = choice.calls[index]
    return [
      "id": .string(itemID(index)), "type": "function_call", "call_id": .string(call.id ?? ""),
      "name": .string(call.name), "arguments": .string(isWhole ? call.arguments : ""),
      "status": isWhole ? .string(status) : "in_progress",
    ]
  }

  /// The name of a call's item, or of the message.
  func itemID(_ call: Int?) -> String {
    call.map { "fc_" + (choice.calls[$0].id ?? "") } ?? messageID
  }

  private var isCut: Bool { choice.result?.reason.word == "length" }
  private var status: String { isCut ? "incomplete" : "completed" }

  /// The type of the last event.
  var ending: String { "response." + status }

  /// The response; nothing is in it while it runs.
  var json: JSON {
    let isRunning = choice.result == nil
    var usage = Usage()
    if let result = choice.result { usage.add(result, countsPrompt: true) }
    var output: [JSON] =
      choice.text.isEmpty && !choice.calls.isEmpty ? [] : [message(isWhole: true)]
    output += choice.calls.indices.map { call($0, isWhole: true) }
    let members: [(key: String, value: JSON)] = [
      ("id", .string(question.id)), ("object", "response"),
      ("created_at", .integer(question.created)),
      ("status", isRunning ? "in_progress" : .string(status)), ("error", .null),
      ("incomplete_details", isCut ? ["reason": "max_output_tokens"] : .null),
      ("model", .string(model)), ("output", isRunning ? [] : .array(output)),
      ("usage", isRunning ? .null : usage.responseJSON),
    ]
    return .object(members + question.repeated)
  }
}
