internal import SparrowCore

extension TemplateParser {
  /// Attributes, indices, slices and calls after a value.
  mutating func postfix(_ first: TemplateExpression) throws(SparrowError) -> TemplateExpression {
    var value = first
    while true {
      if isSymbol(".") {
        value = try attribute(value)
      } else if isSymbol("[") {
        value = try subscripted(value)
      } else if isSymbol("(") {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  /// Filters and tests after a value.
  mutating func filters(_ first: TemplateExpression) throws(SparrowError) -> TemplateExpression {
    var value = first
    while true {
      let line = token.line
      if take("|") {
        value = try filter(value, line: line)
      } else if takeName("is") {
        value = try test(value, line: line)
      } else if isSymbol("(") {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  /// A filter's name and arguments, after its `|`.
  mutating func filter(
    _ value: TemplateExpression, line: Int
  ) throws(SparrowError) -> TemplateExpression {
    let name = try dottedName()
    let arguments = isSymbol("(") ? try arguments() : .init()
    return try node(.filter(value, name, arguments), [value] + arguments.all, line: line)
  }

  private mutating func dottedName() throws(SparrowError) -> String {
    var name = try name()
    while take(".") { name += "." + (try self.name()) }
    return name
  }

  private mutating func attribute(
    _ value: TemplateExpression
  ) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    switch token.kind {
    case .name(let name):
      advance()
      return try node(.attribute(value, name), [value], line: line)
    case .integer(let index):
      advance()
      let index = try node(.integer(index), [], line: line)
      return try node(.item(value, index), [value, index], line: line)
    default: throw unexpected(expected: "a name or a number")
    }
  }

  private mutating func subscripted(
    _ value: TemplateExpression
  ) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    var items = [try subscriptItem()]
    while take(",") {
      if isSymbol("]") { throw error("an empty index") }
      items.append(try subscriptItem())
    }
    guard take("]") else { throw unexpected(expected: "']'") }
    guard items.count == 1 else {
      // Jinja gives such an index to the value as a tuple, which no list, text or dictionary of a
      // template has.
      let parts = items.compactMap { $0.count == 1 ? $0[0] : nil }
      guard parts.count == items.count else {
        throw unsupported("an index of several slices", line: line)
      }
      let index = try node(.tuple(parts), parts, line: line)
      return try node(.item(value, index), [value, index], line: line)
    }
    let parts = items[0]
    guard parts.count == 1 else {
      return try node(.slice(value, parts), [value] + parts.compactMap(\.self), line: line)
    }
    guard let index = parts[0] else { throw error("an empty index", line: line) }
    return try node(.item(value, index), [value, index], line: line)
  }

  /// An index alone, or the bounds of a slice.
  private mutating func subscriptItem() throws(SparrowError) -> [TemplateExpression?] {
    var parts: [TemplateExpression?] = [nil]
    while !isSymbol("]"), !isSymbol(",") {
      if take(":") {
        guard parts.count < 3 else { throw unexpected(expected: "']'") }
        parts.append(nil)
      } else {
        guard parts[parts.count - 1] == nil else { throw unexpected(expected: "']'") }
        parts[parts.count - 1] = try expression()
      }
    }
    return parts
  }

  private mutating func call(
    _ callee: TemplateExpression
  ) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    let arguments = try arguments()
    return try node(.call(callee, arguments), [callee] + arguments.all, line: line)
  }

  private mutating func arguments() throws(SparrowError) -> TemplateExpression.Arguments {
    var arguments = TemplateExpression.Arguments()
    try expect("(")
    var isFirst = true
    while !take(")") {
      if !isFirst {
        try expect(",")
        if take(")") { break }
      }
      isFirst = false
      if take("*") {
        guard arguments.list == nil, arguments.dictionary == nil else { throw unexpected() }
        arguments.list = try expression()
      } else if take("**") {
        guard arguments.dictionary == nil else { throw unexpected() }
        arguments.dictionary = try expression()
      } else if case .name(let name) = token.kind, next.kind == .symbol("=") {
        advance()
        advance()
        guard !arguments.named.contains(where: { $0.name == name }), arguments.dictionary == nil
        else { throw error("the argument '\(name)' out of place") }
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty, arguments.list == nil, arguments.dictionary == nil else {
          throw error("an argument without a name after one with a name")
        }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  private mutating func test(
    _ value: TemplateExpression, line: Int
  ) throws(SparrowError) -> TemplateExpression {
    let isNegated = takeName("not")
    let name = try dottedName()
    var arguments = TemplateExpression.Arguments()
    switch token.kind {
    case .symbol("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw error("a chain of tests")
    case .name, .text, .integer, .number, .symbol("["), .symbol("{"):
      // One argument needs no brackets; a name that is a keyword fails here as it does in Jinja.
      arguments.positional = [try postfix(try primary())]
    default: break
    }
    let result = try node(.test(value, name, arguments), [value] + arguments.all, line: line)
    return isNegated ? try node(.not(result), [result], line: line) : result
  }
}
