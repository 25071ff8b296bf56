extension TemplateExpression {
  /// Adds the names of the variables that it reads.
  func collect(into names: inout Set<String>) {
    if case .name(let name) = kind { names.insert(name) }
    for child in children { child.collect(into: &names) }
  }
}

extension [TemplateStatement] {
  /// The names of the variables that the statements read, those inside them included.
  var names: Set<String> {
    var names: Set<String> = []
    for statement in self { statement.collect(into: &names) }
    return names
  }
}

extension TemplateStatement {
  fileprivate func collect(into names: inout Set<String>) {
    let (expressions, bodies) = parts
    for expression in expressions { expression.collect(into: &names) }
    for body in bodies { names.formUnion(body.names) }
  }

  /// The expressions of the statement itself, and the statements inside it.
  private var parts: (expressions: [TemplateExpression], bodies: [[TemplateStatement]]) {
    switch self {
    case .text, .break, .continue, .refused: ([], [])
    case .output(let expression), .assign(_, let expression): ([expression], [])
    case .branch(let branches, let otherwise):
      (branches.map(\.condition), branches.map(\.body) + [otherwise])
    case .loop(let loop):
      ([loop.values] + (loop.condition.map { [$0] } ?? []), [loop.body, loop.otherwise])
    case .capture(_, let filters, let body): (filters.map { [$0] } ?? [], [body])
    case .filtered(let filters, let body): ([filters], [body])
    case .macro(let macro): (macro.parameters.compactMap(\.preset), [macro.body])
    case .call(let call, let caller): ([call], [caller.body])
    case .with(let values, let body): (values.map(\.1), [body])
    case .scope(let body, _): ([], [body])
    }
  }
}
