public import SparrowCore

extension TaskItem {
  /// The tasks of a `.jsonl` text, one object a line; empty lines are skipped, other fields too.
  ///
  /// Multiple choice: `{"prompt": "2 + 2 =", "choices": [" 3", " 4"], "answer": 1}`. Generation:
  /// `{"prompt": "The capital of France is", "answers": [" Paris"], "stop": [".", "\n"]}`, with
  /// `"after": "####"` where reasoning comes before the answer. Writing: `{"prompt": "...",
  /// "references": ["...", "..."]}`. `stop` and `after` may be left out. Throws `.malformed`,
  /// naming file, line and field; also for a text without tasks.
  public static func parse(_ text: String, file: String) throws(SparrowError) -> [TaskItem] {
    var items: [TaskItem] = []
    var number = 0
    for line in text.utf8.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    {
      number += 1
      guard line.contains(where: { $0 > 32 }) else { continue }
      items.append(try parse(Array(line), file: file, line: number))
    }
    guard !items.isEmpty else {
      throw SparrowError(.malformed, file: file, found: "no tasks", expected: "one a line")
    }
    return items
  }

  private static func parse(
    _ text: [UInt8], file: String, line: Int
  ) throws(SparrowError) -> TaskItem {
    let json: JSON
    do throws(SparrowError) {
      json = try JSON.parse(text)
    } catch {
      throw SparrowError(
        .malformed, file: file, field: "line \(line): \(error.field)", found: error.found,
        expected: error.expected)
    }
    return try TaskItem(json, file: file, line: line)
  }

  /// The task of a line's object. Throws `.malformed`, naming file, line and field.
  package init(_ json: JSON, file: String, line: Int) throws(SparrowError) {
    var item = TaskItem(
      prompt: "", question: .generation(answers: [], stop: []), file: file, line: line)
    func refuse(_ field: String, _ expected: String) -> SparrowError {
      let found = json[field].map { String($0.text().prefix(40)) } ?? "nothing"
      return item.error(.malformed, field, found: found, expected: expected)
    }
    func texts(_ field: String, least: Int) throws(SparrowError) -> [String] {
      let texts = json[field]?.array?.map(\.string) ?? []
      guard texts.count >= least, !texts.contains(nil) else {
        throw refuse(field, "a list of at least \(least) texts")
      }
      return texts.compactMap { $0 }
    }
    guard let prompt = json["prompt"]?.string else { throw refuse("prompt", "a text") }
    item.prompt = prompt
    if json["choices"] != nil {
      let choices = try texts("choices", least: 2)
      guard !choices.contains("") else { throw refuse("choices", "texts that are not empty") }
      guard let answer = json["answer"]?.int, choices.indices.contains(answer) else {
        throw refuse("answer", "the right choice's index, 0 to \(choices.count - 1)")
      }
      item.question = .choice(choices: choices, answer: answer)
      self = item
      return
    }
    let stop = json["stop"] == nil ? [] : try texts("stop", least: 1)
    if json["references"] != nil {
      item.question = .writing(references: try texts("references", least: 1), stop: stop)
      self = item
      return
    }
    guard json["answers"] != nil else {
      throw refuse("choices", "choices and answer, answers, or references")
    }
    let after = json["after"]
    guard after == nil || after?.string?.isEmpty == false else { throw refuse("after", "a text") }
    item.question = .generation(
      answers: try texts("answers", least: 1), stop: stop, after: after?.string)
    self = item
  }
}
