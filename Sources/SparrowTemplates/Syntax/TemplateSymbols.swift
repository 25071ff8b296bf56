/// The names that a template's top level mentions, as Jinja's `idtracking.py` follows them.
///
/// A name that the top level assigns before it reads it is the template's own from the start: loops
/// and macros that come before the assignment do not see the caller's variable of that name.
struct TemplateSymbols {
  private var seen: Set<String> = []
  /// The names whose first mention is an assignment.
  private(set) var own: Set<String> = []

  init(_ statements: [TemplateStatement]) { visit(statements) }

  private mutating func visit(_ statements: [TemplateStatement]) {
    for statement in statements {
      switch statement {
      case .text, .break, .continue, .refused, .scope: break
      case .output(let expression): load(expression)
      case .loop(let loop): load(loop.values)
      case .assign(let target, let expression):
        load(expression)
        store(target)
      case .capture(let target, let filters, _):
        if let filters { load(filters) }
        store(target)
      case .filtered(let filters, _): load(filters)
      case .call(let call, _): load(call)
      case .with(let values, _): for (_, value) in values { load(value) }
      case .macro(let macro): store(macro.name)
      case .branch(let branches, let otherwise): visit(branches, otherwise)
      }
    }
  }

  /// What branches assign is the template's own only once it is assigned.
  private mutating func visit(
    _ branches: [(condition: TemplateExpression, body: [TemplateStatement])],
    _ otherwise: [TemplateStatement]
  ) {
    let before = own
    for branch in branches {
      load(branch.condition)
      visit(branch.body)
    }
    visit(otherwise)
    own = before
  }

  private mutating func load(_ expression: TemplateExpression) {
    expression.collect(into: &seen)
  }

  private mutating func store(_ target: TemplateStatement.Target) { store(target.kind) }

  private mutating func store(_ target: TemplateStatement.Target.Kind) {
    switch target {
    case .name(let name): store(name)
    case .tuple(let parts): for part in parts { store(part) }
    case .attribute(let name, _): seen.insert(name)
    }
  }

  private mutating func store(_ name: String) {
    if seen.insert(name).inserted { own.insert(name) }
  }
}
