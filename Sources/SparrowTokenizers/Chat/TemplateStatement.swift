/// A node of a template outside expressions.
enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  case branch([(condition: TemplateExpression, body: [TemplateStatement])], [TemplateStatement])
  case loop(Loop)
  case assign(Target, TemplateExpression)
  /// `{% set x %}…{% endset %}`.
  case capture(Target, [TemplateStatement])
  case macro(TemplateMacro)
  case `break`
  case `continue`

  /// What an assignment writes to.
  struct Target: Sendable {
    enum Kind: Sendable {
      case name(String)
      case tuple([String])
      /// An attribute of a namespace.
      case attribute(String, String)
    }

    let kind: Kind
    let line: Int
  }

  /// `{% for target in values if condition %}body{% else %}otherwise{% endfor %}`.
  struct Loop: Sendable {
    let target: Target
    let values: TemplateExpression
    let condition: TemplateExpression?
    let body: [TemplateStatement]
    let otherwise: [TemplateStatement]
  }
}

/// A macro's definition; it sees the variables of the template's top level.
final class TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, preset: TemplateExpression?)]
  let body: [TemplateStatement]

  init(
    name: String, parameters: [(name: String, preset: TemplateExpression?)],
    body: [TemplateStatement]
  ) {
    self.name = name
    self.parameters = parameters
    self.body = body
  }
}
