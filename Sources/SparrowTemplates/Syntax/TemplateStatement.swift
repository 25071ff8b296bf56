/// A node of a template outside expressions.
enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  case branch([(condition: TemplateExpression, body: [TemplateStatement])], [TemplateStatement])
  case loop(Loop)
  case assign(Target, TemplateExpression)
  /// `{% set x|filters %}…{% endset %}`; the filters' value is `TemplateParser.body`.
  case capture(Target, filters: TemplateExpression?, [TemplateStatement])
  /// `{% filter filters %}…{% endfilter %}`.
  case filtered(TemplateExpression, [TemplateStatement])
  case macro(TemplateMacro)
  /// `{% call(parameters) callee(arguments) %}body{% endcall %}`: the macro is the callee's
  /// `caller`.
  case call(TemplateExpression, caller: TemplateMacro)
  /// `{% with a = 1 %}…{% endwith %}`.
  case with([(Target, TemplateExpression)], [TemplateStatement])
  /// Statements with variables of their own, which see those around them or else the template's
  /// alone.
  case scope([TemplateStatement], isNested: Bool)
  /// A tag that Jinja knows and Sparrow does not: fails when it is reached.
  case refused(String, line: Int)
  case `break`
  case `continue`

  /// What an assignment writes to.
  struct Target: Sendable {
    indirect enum Kind: Sendable {
      case name(String)
      case tuple([Kind])
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
    /// Whether its body may call `loop`.
    let isRecursive: Bool
  }
}

/// A macro's definition.
final class TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, preset: TemplateExpression?)]
  let body: [TemplateStatement]
  /// Of the arguments that are not among its parameters, those that its body names: `varargs`,
  /// `kwargs`, `caller`.
  let extras: Set<String>

  init(
    name: String, parameters: [(name: String, preset: TemplateExpression?)],
    body: [TemplateStatement]
  ) {
    self.name = name
    self.parameters = parameters
    self.body = body
    let named = body.names
    extras = Set(["varargs", "kwargs", "caller"].filter { named.contains($0) })
  }
}
