/// A piece of a template's source.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    /// Text outside tags, whitespace control applied.
    case data(String)
    case blockBegin, blockEnd, variableBegin, variableEnd
    case name(String)
    case text(String)
    case integer(Int)
    case number(Double)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  let kind: Kind
  /// The line it starts on, from 1.
  let line: Int

  /// How an error message names it.
  var description: String {
    switch kind {
    case .data: "text"
    case .blockBegin: "'{%'"
    case .blockEnd: "'%}'"
    case .variableBegin: "'{{'"
    case .variableEnd: "'}}'"
    case .name(let name): "'\(name)'"
    case .text: "a string"
    case .integer(let value): "'\(value)'"
    case .number(let value): "'\(value)'"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }
}
