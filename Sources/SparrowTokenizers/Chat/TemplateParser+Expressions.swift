internal import SparrowCore

extension TemplateParser {
  /// A node over `children`; throws when the tree grows too deep.
  func node(
    _ kind: TemplateExpression.Kind, _ children: [TemplateExpression], line: Int
  ) throws(SparrowError) -> TemplateExpression {
    let depth = 1 + (children.map(\.depth).max() ?? 0)
    guard depth <= TemplateLimits.expression else {
      throw unsupported("an expression nested too deeply", line: line)
    }
    return TemplateExpression(kind, line: line, depth: depth)
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
      items.append(conditional ? try expression() : try or())
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
    guard nesting < TemplateLimits.expression else {
      throw unsupported("an expression nested too deeply")
    }
    nesting += 1
    defer { nesting -= 1 }
    var value = try or()
    while takeName("if") {
      let condition = try or()
      let otherwise = takeName("else") ? try expression() : nil
      value = try node(
        .conditional(condition, then: value, otherwise: otherwise),
        [value, condition] + (otherwise.map { [$0] } ?? []), line: line)
    }
    return value
  }

  mutating func or() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var left = try and()
    while takeName("or") {
      let right = try and()
      left = try node(.or(left, right), [left, right], line: line)
    }
    return left
  }

  private mutating func and() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var left = try not()
    while takeName("and") {
      let right = try not()
      left = try node(.and(left, right), [left, right], line: line)
    }
    return left
  }

  private mutating func not() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var count = 0
    while takeName("not") { count += 1 }
    var value = try comparison()
    for _ in 0..<count { value = try node(.not(value), [value], line: line) }
    return value
  }

  private mutating func comparison() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    let first = try sum()
    var rest: [(relation: TemplateRelation, TemplateExpression)] = []
    while let relation = takeRelation() { rest.append((relation, try sum())) }
    return rest.isEmpty
      ? first : try node(.comparison(first, rest), [first] + rest.map(\.1), line: line)
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

  private mutating func sum() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var left = try concatenation()
    while isSymbol("+") || isSymbol("-") {
      let sign: TemplateOperator = isSymbol("+") ? .add : .subtract
      advance()
      let right = try concatenation()
      left = try node(.arithmetic(sign, left, right), [left, right], line: line)
    }
    return left
  }

  private mutating func concatenation() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var parts = [try product()]
    while take("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : try node(.concatenation(parts), parts, line: line)
  }

  private mutating func product() throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var left = try unary(filtered: true)
    while case .symbol(let symbol) = token.kind {
      guard symbol != "**" else { throw unsupported("the operator '**'") }
      guard let sign = TemplateOperator(rawValue: symbol), sign != .add, sign != .subtract else {
        break
      }
      advance()
      let right = try unary(filtered: true)
      left = try node(.arithmetic(sign, left, right), [left, right], line: line)
    }
    return left
  }

  /// A value with its signs and, after them, its filters and tests: `-1|string` filters minus one.
  private mutating func unary(filtered: Bool) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    var value: TemplateExpression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      guard nesting < TemplateLimits.expression else {
        throw unsupported("an expression nested too deeply")
      }
      nesting += 1
      defer { nesting -= 1 }
      advance()
      value = try unary(filtered: false)
      value = try node(isNegative ? .negative(value) : .positive(value), [value], line: line)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return filtered ? try filters(value) : value
  }

  mutating func primary() throws(SparrowError) -> TemplateExpression {
    let token = token
    let line = token.line
    advance()
    switch token.kind {
    case .name("true"), .name("True"): return try node(.boolean(true), [], line: line)
    case .name("false"), .name("False"): return try node(.boolean(false), [], line: line)
    case .name("none"), .name("None"): return try node(.none, [], line: line)
    case .name(let name): return try node(.name(name), [], line: line)
    case .integer(let value): return try node(.integer(value), [], line: line)
    case .number(let value): return try node(.number(value), [], line: line)
    case .text(var text):
      // Adjacent strings are one, as in Python.
      while case .text(let more) = self.token.kind {
        text += more
        advance()
      }
      return try node(.text(text), [], line: line)
    case .symbol("("):
      if take(")") { return try node(.tuple([]), [], line: line) }
      let value = try tuple()
      try expect(")")
      return value
    case .symbol("["):
      var items: [TemplateExpression] = []
      while !take("]") {
        if !items.isEmpty {
          try expect(",")
          if take("]") { break }
        }
        items.append(try expression())
      }
      return try node(.list(items), items, line: line)
    case .symbol("{"): return try dictionary(line: line)
    default:
      at -= token.kind == .end ? 0 : 1
      throw unexpected(expected: "a value")
    }
  }

  private mutating func dictionary(line: Int) throws(SparrowError) -> TemplateExpression {
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
