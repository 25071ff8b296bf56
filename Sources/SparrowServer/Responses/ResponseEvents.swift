import Sparrow

/// Writes a response's stream: events that say which item of the response grows.
struct ResponseEvents {
  private var response: ResponseText
  private var sequence = 0
  /// The item that grows: nil before the first one, then the message or a call.
  private var item: Item?
  /// Items so far.
  private var items = 0
  private var bytes = JSONBytes()

  private enum Item: Equatable {
    case message
    case call(Int)

    var call: Int? { if case .call(let index) = self { index } else { nil } }
  }

  init(_ question: ResponseQuestion, model: String) {
    response = ResponseText(question, model: model)
  }

  mutating func write(
    _ running: RunningChoices, _ send: ([UInt8]) async throws -> Void
  ) async throws {
    var isFirst = true
    try await running.forEach { event in
      guard case .piece(_, let piece) = event else { return try await send(EventBytes.ping) }
      if isFirst { begin() }
      isFirst = false
      for part in response.take(piece) { add(part) }
      if piece.result != nil { end() }
      if !bytes.bytes.isEmpty { try await send(bytes.bytes) }
      bytes = JSONBytes()
    }
  }

  private mutating func event(_ type: String, _ members: [(key: String, value: JSON)]) {
    let head: [(key: String, value: JSON)] = [
      ("type", .string(type)), ("sequence_number", .integer(sequence)),
    ]
    bytes.raw("event: \(type)\ndata: ")
    bytes.value(.object(head + members))
    bytes.raw("\n\n")
    sequence += 1
  }

  private mutating func begin() {
    event("response.created", [("response", response.json)])
    event("response.in_progress", [("response", response.json)])
  }

  /// Where the growing item stands.
  private var place: [(key: String, value: JSON)] {
    [
      ("item_id", .string(response.itemID(item?.call))), ("output_index", .integer(items - 1)),
    ]
  }

  private let firstContent: [(key: String, value: JSON)] = [("content_index", 0)]

  private mutating func add(_ part: AnswerPart) {
    switch part {
    case .text(let text):
      open(.message)
      event(
        "response.output_text.delta",
        place + firstContent + [("delta", .string(text)), ("logprobs", [])])
    case .call:
      let number = item?.call.map { $0 + 1 } ?? 0
      open(.call(number))
    case .arguments(let text):
      event("response.function_call_arguments.delta", place + [("delta", .string(text))])
    }
  }

  private mutating func open(_ next: Item) {
    if item == next { return }
    close()
    item = next
    items += 1
    let begun = next.call.map { response.call($0, isWhole: false) }
    event(
      "response.output_item.added",
      [
        ("output_index", .integer(items - 1)),
        ("item", begun ?? response.message(isWhole: false)),
      ])
    guard next == .message else { return }
    let empty: JSON = ["type": "output_text", "text": "", "annotations": [], "logprobs": []]
    event("response.content_part.added", place + firstContent + [("part", empty)])
  }

  private mutating func close() {
    guard let item else { return }
    if let call = item.call {
      let whole = response.call(call, isWhole: true)
      event(
        "response.function_call_arguments.done",
        place + [("arguments", whole["arguments"] ?? ""), ("name", whole["name"] ?? "")])
    } else {
      event(
        "response.output_text.done",
        place + firstContent + [("text", .string(response.choice.text)), ("logprobs", [])])
      event("response.content_part.done", place + firstContent + [("part", response.content)])
    }
    let whole = item.call.map { response.call($0, isWhole: true) }
    event(
      "response.output_item.done",
      [
        ("output_index", .integer(items - 1)), ("item", whole ?? response.message(isWhole: true)),
      ])
  }

  private mutating func end() {
    if item == nil { open(.message) }
    close()
    event(response.ending, [("response", response.json)])
  }
}
