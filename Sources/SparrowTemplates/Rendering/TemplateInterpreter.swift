internal import SparrowCore

/// Renders a parsed template once, within the bounds of `TemplateLimits`.
final class TemplateInterpreter {
  enum Flow { case on, `break`, `continue` }

  let file: String
  let root: TemplateScope
  let date: JSON?
  /// The line of the expression under evaluation, for errors.
  var line = 1
  var output = TemplateString("")
  /// Bytes in the outputs that captures have set aside.
  var setAside = 0
  let budget: TemplateBudget
  private var steps = 0
  private var work = 0
  private var depth = 0
  /// While a loop's condition is evaluated: the namespaces it reads.
  var watched: [ObjectIdentifier]?
  /// Namespaces that conditions of the running loops have read; Jinja evaluates these conditions
  /// between turns, Sparrow before them.
  var guarded: [ObjectIdentifier] = []

  init(file: String, scope: TemplateScope, date: JSON?, budget: TemplateBudget) {
    self.budget = budget
    self.file = file
    root = scope
    self.date = date
  }

  func run(_ statements: [TemplateStatement]) throws(SparrowError) -> TemplateString {
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

  /// Counts the work that an operation is about to do on `count` bytes, characters or elements.
  func charge(_ count: Int, _ cost: TemplateCost) throws(SparrowError) {
    let (units, overflow) = count.multipliedReportingOverflow(by: cost.units)
    guard !overflow, units <= budget.work - work else {
      throw error("a rendering of more than \(budget.work) units of work")
    }
    work += units
  }

  func write(_ text: TemplateString) throws(SparrowError) {
    guard output.count + setAside + text.count <= budget.output else {
      throw error("a rendering of more than \(budget.output) bytes")
    }
    output.append(text)
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
    case .text(let text): try write(TemplateString(text))
    case .output(let expression): try write(try text(of: try evaluate(expression, scope)))
    case .branch(let branches, let otherwise): return try branch(branches, otherwise, scope)
    case .loop(let loop):
      return try run(
        loop, over: try elements(of: try evaluate(loop.values, scope)), scope, level: 0)
    case .assign(let target, let expression):
      line = target.line
      try assign(try evaluate(expression, scope), to: target.kind, scope)
    case .capture(let target, let filters, let body):
      let value = try filtered(filters, body, scope)
      line = target.line
      try assign(value, to: target.kind, scope)
    case .filtered(let filters, let body):
      try write(try text(of: try filtered(filters, body, scope)))
    case .macro(let macro): scope[macro.name] = .macro(TemplateClosure(macro, scope))
    case .call(let call, let caller):
      try write(try text(of: try self.call(call, scope, caller: TemplateClosure(caller, scope))))
    case .with(let values, let body):
      let inner = TemplateScope(parent: scope)
      for (target, expression) in values {
        let value = try evaluate(expression, scope)
        try assign(value, to: target.kind, inner)
      }
      return try execute(body, inner)
    case .scope(let body, let isNested):
      return try execute(body, TemplateScope(parent: isNested ? scope : root))
    case .break: return .break
    case .continue: return .continue
    case .refused(let tag, let line):
      self.line = line
      throw unsupported("the tag '\(tag)'")
    }
    return .on
  }

  /// What `body` writes, through `filters` where there are any.
  private func filtered(
    _ filters: TemplateExpression?, _ body: [TemplateStatement], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let inner = TemplateScope(parent: scope)
    let text = TemplateValue.text(try capture(body, inner))
    guard let filters else { return text }
    inner[TemplateParser.bodyName] = text
    return try evaluate(filters, inner)
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
  func capture(
    _ body: [TemplateStatement], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateString {
    let outer = output
    setAside += outer.count
    output = ""
    _ = try execute(body, scope)
    let text = output
    output = outer
    setAside -= outer.count
    return text
  }

  func assign(
    _ value: TemplateValue, to target: TemplateStatement.Target.Kind, _ scope: TemplateScope
  ) throws(SparrowError) {
    switch target {
    case .name(let name): scope[name] = value
    case .tuple(let parts):
      let items = try elements(of: value)
      guard items.count == parts.count else {
        throw error("\(items.count) values", expected: "\(parts.count), one a name")
      }
      for (part, item) in zip(parts, items) { try assign(item, to: part, scope) }
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope[name] else {
        throw error("'\(name)', which is no namespace", expected: "a namespace to assign to")
      }
      guard !guarded.contains(ObjectIdentifier(namespace)) else {
        throw unsupported("a loop that changes what its own condition reads")
      }
      try set(attribute, of: namespace, to: value)
    }
  }

  /// Gives a namespace an attribute.
  func set(
    _ name: String, of namespace: TemplateNamespace, to value: TemplateValue
  ) throws(SparrowError) {
    guard !name.hasPrefix("_") else {
      throw error("the attribute '\(name)' of a namespace", expected: "one without an underscore")
    }
    try checkStorable(value)
    namespace.attributes[name] = value
  }

  func checkStorable(_ value: TemplateValue) throws(SparrowError) {
    guard value.isStorable else { throw unsupported("\(value.typeName) inside another value") }
    guard value.depth < TemplateLimits.valueDepth else {
      throw error("a value nested deeper than \(TemplateLimits.valueDepth)")
    }
  }
}
