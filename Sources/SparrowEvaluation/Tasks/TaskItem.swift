import SparrowCore

/// One question to a model, with its right answer.
public struct TaskItem: Sendable, Equatable {
  public enum Question: Sendable, Equatable {
    /// Which continuation the model finds likeliest; `answer` is the right one's index.
    case choice(choices: [String], answer: Int)
    /// What the model writes, up to a text of `stop`; right when it equals one of `answers`.
    case generation(answers: [String], stop: [String])
  }

  /// The text that comes before choices and answers; these follow it as they are, spaces included.
  public var prompt: String
  public var question: Question
  /// Where the task stands, for messages.
  var file: String
  var line: Int

  /// A complaint about a field of this task.
  func error(
    _ kind: SparrowError.Kind, _ field: String, found: String, expected: String
  ) -> SparrowError {
    SparrowError(
      kind, file: file, field: "line \(line): \(field)", found: found, expected: expected)
  }
}
