internal import SparrowCore

extension TemplateParser {
  /// A node over `children`; throws when the tree grows too deep.
  func node(
    _ kind: TemplateExpression.Kind, _ children: [TemplateExpression], line: Int
  ) throws(SparrowError) -> TemplateExpression {
    let node = TemplateExpression(kind, children, line: line)
    guard node.depth <= TemplateLimits.expression else {
      throw unsupported("an expression nested too deeply", line: line)
    }
    return node
  }

  /// Expressions separated by commas, which make a tuple, or one alone.
  mutating func tuple(conditional: Bool = true) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var items: [TemplateExpression] = []
    var isTuple = false
    while true {
      if !items.isEmpty {
        guard take(",") else { break }
        isTuple = true
      }
      if isTupleEnd { break }
      items.append(conditional ? try expression() : try operation(0))
    }
    guard let first = items.first else { throw unexpected(expected: "an expression") }
    return isTuple ? try node(.tuple(items), items, line: line) : first
  }

  private var isTupleEnd: Bool {
    switch token.kind {
    case .variableEnd, .blockEnd, .end, .symbol(")"): true
    default: false
    }
  }

  /// One expression, with its inline `if`.
  mutating func expression() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    try nest()
    var value = try operation(0)
    while takeName("if") {
      let condition = try operation(0)
      let otherwise = takeName("else") ? try expression() : nil
      value = try node(
        .conditional(condition, then: value, otherwise: otherwise),
        [value, condition] + (otherwise.map { [$0] } ?? []), line: line)
    }
    nesting -= 1
    return value
  }

  /// Counts a level of recursion; the caller takes it back.
  mutating func nest() throws(SparrowError) {
    guard nesting < TemplateLimits.nesting else {
      throw unsupported("an expression nested too deeply")
    }
    nesting += 1
  }

  /// Operands and the operators between them that bind at least as strongly as `minimum`: 0 `or`, 1
  /// `and`, 2 `not`, 3 comparisons, 4 `+ -`, 5 `~`, 6 `* / // %`, 7 `**`. One function for all,
  /// since every level of recursion takes stack.
  mutating func operation(_ minimum: Int) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var left: TemplateExpression
    if minimum <= 2, isName("not") {
      var count = 0
      while takeName("not") { count += 1 }
      left = try operation(3)
      for _ in 0..<count { left = try node(.not(left), [left], line: line) }
    } else {
      left = try unary(filtered: true)
    }
    while let level = try operatorLevel(), level >= minimum {
      left = try combine(left, level, line: line)
    }
    return left
  }

  /// How strongly the operator at the current token binds; nil when there is none.
  private func operatorLevel() throws(SparrowError) -> Int? {
    switch token.kind {
    case .name("or"): return 0
    case .name("and"): return 1
    case .name("in"): return 3
    case .name("not"): return next.kind == .name("in") ? 3 : nil
    case .symbol(let symbol):
      switch symbol {
      case "==", "!=", "<", "<=", ">", ">=": return 3
      case "+", "-": return 4
      case "~": return 5
      case "*", "/", "//", "%": return 6
      case "**": return 7
      default: return nil
      }
    default: return nil
    }
  }

  /// `left` with the operator at the current token and what follows it.
  private mutating func combine(
    _ left: TemplateExpression, _ level: Int, line: Int
  ) throws(SparrowError) -> TemplateExpression {
    switch level {
    case 3: return try comparison(left, line: line)
    case 5:
      var parts = [left]
      while take("~") { parts.append(try operation(6)) }
      return try node(.concatenation(parts), parts, line: line)
    default: break
    }
    let sign = token
    advance()
    let right = try operation(level + 1)
    if level < 2 {
      return try node(level == 0 ? .or(left, right) : .and(left, right), [left, right], line: line)
    }
    guard case .symbol(let symbol) = sign.kind, let sign = TemplateOperator(rawValue: symbol) else {
      throw unexpected()
    }
    return try node(.arithmetic(sign, left, right), [left, right], line: line)
  }

  private mutating func comparison(
    _ left: TemplateExpression, line: Int
  ) throws(SparrowError) -> TemplateExpression {
    var rest: [(relation: TemplateRelation, TemplateExpression)] = []
    while let relation = takeRelation() { rest.append((relation, try operation(4))) }
    return try node(.comparison(left, rest), [left] + rest.map(\.1), line: line)
  }

  private mutating func takeRelation() -> TemplateRelation? {
    switch token.kind {
    case .symbol(let symbol):
      guard let relation = TemplateRelation(rawValue: symbol) else { return nil }
      advance()
      return relation
    case .name("in"):
      advance()
      return .in
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .notIn
    default: return nil
    }
  }

  /// A value with its signs and, after them, its filters and tests: `-1|string` filters minus one.
  private mutating func unary(filtered: Bool) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var value: TemplateExpression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      try nest()
      advance()
      value = try unary(filtered: false)
      nesting -= 1
      value = try node(isNegative ? .negative(value) : .positive(value), [value], line: line)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return filtered ? try filters(value) : value
  }

  mutating func primary() throws(SparrowError) -> TemplateExpression {
    switch token.kind {
    case .symbol("("): return try parenthesis()
    case .symbol("["): return try list()
    case .symbol("{"): return try dictionary()
    default: break
    }
    let kind = try literal()
    let line = token.line
    advance()
    guard case .text(var text) = kind else { return try node(kind, [], line: line) }
    // Adjacent strings are one, as in Python.
    while case .text(let more) = token.kind {
      text += more
      advance()
    }
    return try node(.text(text), [], line: line)
  }

  /// The name, number or string at the current token.
  private func literal() throws(SparrowError) -> TemplateExpression.Kind {
    switch token.kind {
    case .name("true"), .name("True"): return .boolean(true)
    case .name("false"), .name("False"): return .boolean(false)
    case .name("none"), .name("None"): return .none
    case .name(let name): return .name(name)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .text(let text): return .text(text)
    default: throw unexpected(expected: "a value")
    }
  }

  private mutating func parenthesis() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    if take(")") { return try node(.tuple([]), [], line: line) }
    let value = try tuple()
    try expect(")")
    return value
  }

  private mutating func list() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    var items: [TemplateExpression] = []
    while !take("]") {
      if !items.isEmpty {
        try expect(",")
        if take("]") { break }
      }
      items.append(try expression())
    }
    return try node(.list(items), items, line: line)
  }

  private mutating func dictionary() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    var items: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take("}") {
      if !items.isEmpty {
        try expect(",")
        if take("}") { break }
      }
      let key = try expression()
      try expect(":")
      items.append((key, try expression()))
    }
    return try node(.dictionary(items), items.map(\.key) + items.map(\.value), line: line)
  }
}
