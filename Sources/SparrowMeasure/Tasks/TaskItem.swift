package import SparrowCore

/// One question to a model, with its right answer.
public struct TaskItem: Sendable, Equatable {
  public enum Question: Sendable, Equatable {
    /// Which continuation the model finds likeliest; `answer` is the right one's index.
    case choice(choices: [String], answer: Int)
    /// What the model writes, up to a text of `stop`; right when it equals one of `answers`. With
    /// `after` only what stands behind its last occurrence counts, in both.
    case generation(answers: [String], stop: [String], after: String? = nil)
    /// What the model writes, up to a text of `stop`; the nearer to `references` the better.
    case writing(references: [String], stop: [String])
  }

  /// The text that comes before choices and answers; these follow it as they are, spaces included.
  public var prompt: String
  public var question: Question
  /// Where the task stands, for messages.
  package var file: String
  package var line: Int

  /// Texts that are right to follow the prompt: the right choice, the answers or the references.
  package var rightTexts: [String] {
    switch question {
    case .choice(let choices, let answer): [choices[answer]]
    case .generation(let answers, _, _): answers
    case .writing(let references, _): references
    }
  }

  /// A complaint about a field of this task.
  package func error(
    _ kind: SparrowError.Kind, _ field: String, found: String, expected: String
  ) -> SparrowError {
    SparrowError(
      kind, file: file, field: "line \(line): \(field)", found: found, expected: expected)
  }
}
