/// What a model answered to one task.
public enum TaskAnswer: Sendable, Equatable {
  /// The choice of the greatest log-probability, and the one of the greatest by byte.
  case choice(plain: Int, byByte: Int)
  /// What was written, without white space around it.
  case text(String)

  /// Of several log-probabilities, and the choices that have them.
  ///
  /// By byte is lm-evaluation-harness's `acc_norm`: the white space before a choice does not count,
  /// and it counts characters, which are bytes in English.
  init(logProbabilities: [Double], choices: [String]) {
    let lengths = choices.map { Double(max($0.drop(while: \.isWhitespace).utf8.count, 1)) }
    self = .choice(
      plain: Self.greatest(logProbabilities),
      byByte: Self.greatest(zip(logProbabilities, lengths).map { $0 / $1 }))
  }

  init(text: String) { self = .text(Self.trimmed(text)) }

  /// The choices, of an answer to a multiple choice.
  var choices: (plain: Int, byByte: Int) {
    guard case .choice(let plain, let byByte) = self else {
      preconditionFailure("an answer of another kind than its task")
    }
    return (plain, byByte)
  }

  /// The text, of an answer that was written.
  var written: String {
    guard case .text(let text) = self else {
      preconditionFailure("an answer of another kind than its task")
    }
    return text
  }

  /// `text` without white space at its ends.
  static func trimmed(_ text: String) -> String {
    var rest = text.drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The first of equals.
  private static func greatest(_ values: [Double]) -> Int {
    values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
  }
}
