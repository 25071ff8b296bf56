internal import SparrowCore

/// Renders a parsed template once, within the bounds of `TemplateLimits`.
final class TemplateInterpreter {
  enum Flow { case on, `break`, `continue` }

  let file: String
  let root: TemplateScope
  let date: JSON?
  /// The line of the expression under evaluation, for errors.
  var line = 1
  var output = ""
  /// Bytes in the outputs that captures have set aside.
  var setAside = 0
  let budget: TemplateBudget
  private var steps = 0
  private var work = 0
  private var depth = 0
  /// While a loop's condition is evaluated: the namespaces it reads.
  var watched: [ObjectIdentifier]?
  /// Namespaces that conditions of the running loops have read; Jinja evaluates these conditions between turns, Sparrow before them.
  var guarded: [ObjectIdentifier] = []

  init(file: String, scope: TemplateScope, date: JSON?, budget: TemplateBudget) {
    self.budget = budget
    self.file = file
    root = scope
    self.date = date
  }

  func run(_ statements: [TemplateStatement]) throws(SparrowError) -> String {
    _ = try execute(statements, root)
    return output
  }

  func error(
    _ found: String, expected: String = "", kind: SparrowError.Kind = .malformed
  ) -> SparrowError {
    SparrowError(kind, file: file, field: "line \(line)", found: found, expected: expected)
  }

  func unsupported(_ construct: String) -> SparrowError {
    error(
      construct, expected: "a construct that Sparrow's templates know", kind: .unsupported)
  }

  /// Counts a step; pair with `leave`.
  func enter() throws(SparrowError) {
    steps += 1
    guard steps <= budget.steps else {
      throw error("a rendering of more than \(budget.steps) steps")
    }
    guard depth < TemplateLimits.depth else {
      throw error("a rendering nested deeper than \(TemplateLimits.depth)")
    }
    depth += 1
  }

  func leave() { depth -= 1 }

  /// Counts the work that an operation is about to do, in the budget's units.
  func charge(_ cost: Int) throws(SparrowError) {
    guard cost <= budget.work - work else {
      throw error("a rendering of more than \(budget.work) units of work")
    }
    work += cost
  }

  func write(_ text: String) throws(SparrowError) {
    guard output.utf8.count + setAside + text.utf8.count <= budget.output else {
      throw error("a rendering of more than \(budget.output) bytes")
    }
    output += text
  }

  func execute(
    _ statements: [TemplateStatement], _ scope: TemplateScope
  ) throws(SparrowError) -> Flow {
    for statement in statements {
      try enter()
      let flow = try execute(statement, scope)
      leave()
      if flow != .on { return flow }
    }
    return .on
  }

  private func execute(
    _ statement: TemplateStatement, _ scope: TemplateScope
  ) throws(SparrowError) -> Flow {
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression): try write(try text(of: try evaluate(expression, scope)))
    case .branch(let branches, let otherwise): return try branch(branches, otherwise, scope)
    case .loop(let loop): return try run(loop, scope)
    case .assign(let target, let expression):
      try assign(try evaluate(expression, scope), to: target, scope)
    case .capture(let target, let body):
      let text = try capture(body, TemplateScope(parent: scope))
      try assign(.text(text), to: target, scope)
    case .macro(let macro): scope[macro.name] = .macro(macro)
    case .break: return .break
    case .continue: return .continue
    }
    return .on
  }

  private func branch(
    _ branches: [(condition: TemplateExpression, body: [TemplateStatement])],
    _ otherwise: [TemplateStatement], _ scope: TemplateScope
  ) throws(SparrowError) -> Flow {
    for branch in branches {
      if try evaluate(branch.condition, scope).isTrue { return try execute(branch.body, scope) }
    }
    return try execute(otherwise, scope)
  }

  /// What `body` writes.
  func capture(_ body: [TemplateStatement], _ scope: TemplateScope) throws(SparrowError) -> String {
    let outer = output
    setAside += outer.utf8.count
    output = ""
    _ = try execute(body, scope)
    let text = output
    output = outer
    setAside -= outer.utf8.count
    return text
  }

  private func assign(
    _ value: TemplateValue, to target: TemplateStatement.Target, _ scope: TemplateScope
  ) throws(SparrowError) {
    line = target.line
    switch target.kind {
    case .name(let name): scope[name] = value
    case .tuple(let names):
      let items = try elements(of: value)
      guard items.count == names.count else {
        throw error("\(items.count) values", expected: "\(names.count), one a name")
      }
      for (name, item) in zip(names, items) { scope[name] = item }
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope[name] else {
        throw error("'\(name)', which is no namespace", expected: "a namespace to assign to")
      }
      guard !guarded.contains(ObjectIdentifier(namespace)) else {
        throw unsupported("a loop that changes what its own condition reads")
      }
      try checkStorable(value)
      namespace.attributes[attribute] = value
    }
  }

  func checkStorable(_ value: TemplateValue) throws(SparrowError) {
    guard value.isStorable else { throw unsupported("\(value.typeName) inside another value") }
    guard value.depth < TemplateLimits.valueDepth else {
      throw error("a value nested deeper than \(TemplateLimits.valueDepth)")
    }
  }

  private func run(
    _ loop: TemplateStatement.Loop, _ scope: TemplateScope
  ) throws(SparrowError) -> Flow {
    let guardedBefore = guarded.count
    defer { guarded.removeLast(guarded.count - guardedBefore) }
    var items = try elements(of: try evaluate(loop.values, scope))
    if let condition = loop.condition {
      let outer = watched
      watched = []
      var kept: [TemplateValue] = []
      for item in items {
        let inner = TemplateScope(parent: scope)
        try assign(item, to: loop.target, inner)
        if try evaluate(condition, inner).isTrue { kept.append(item) }
      }
      guarded += watched ?? []
      watched = outer
      items = kept
    }
    guard !items.isEmpty else {
      return try execute(loop.otherwise, TemplateScope(parent: scope))
    }
    let state = TemplateLoopState(items: items)
    for index in items.indices {
      try enter()
      defer { leave() }
      state.index = index
      let inner = TemplateScope(parent: scope)
      inner["loop"] = .loop(state)
      try assign(items[index], to: loop.target, inner)
      if try execute(loop.body, inner) == .break { break }
    }
    return .on
  }
}
