/// A piece of an answer's text, read for what it is.
enum AnswerPart: Sendable, Equatable {
  case text(String)
  /// A call begins.
  case call(name: String)
  /// More of the JSON of the call's arguments.
  case arguments(String)
}
