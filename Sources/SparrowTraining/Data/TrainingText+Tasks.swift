import SparrowCore
import SparrowMeasure

extension TrainingText {
  /// A document for each right text of a task: the right choice, the first of the answers, every
  /// reference. A line with messages is a conversation.
  static func readTasks(
    _ file: MappedFile, _ body: (TrainingDocument, Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let lines = TextLines(file.bytes, from: start(of: file.bytes))
    for line in lines {
      guard let json = try lines.json(line, file: file.path) else { continue }
      for content in try contents(json, file: file.path, line: line.number) {
        let document = TrainingDocument(
          content: content, file: file.path, line: line.number, isWhole: true)
        try body(document, line.range.upperBound)
      }
    }
  }

  private static func contents(
    _ json: JSON, file: String, line: Int
  ) throws(SparrowError) -> [TrainingDocument.Content] {
    guard json["messages"] == nil else { return [try content(json, file: file, line: line)] }
    let item = try TaskItem(json, file: file, line: line)
    var answers = item.rightTexts
    if case .generation = item.question { answers = Array(answers.prefix(1)) }
    return answers.map { .answer($0, to: item.prompt) }
  }
}
