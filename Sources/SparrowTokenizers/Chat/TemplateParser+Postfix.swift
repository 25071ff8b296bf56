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
        let name = try name()
        guard let filter = TemplateFilter(name: name) else {
          throw unsupported("the filter '\(name)'", line: line)
        }
        let arguments = isSymbol("(") ? try arguments() : .init()
        try check(filter, arguments, line: line)
        value = try node(
          .filter(value, filter, arguments), [value] + arguments.all, line: line)
      } else if takeName("is") {
        value = try test(value, line: line)
      } else if isSymbol("(") {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  private mutating func attribute(
    _ value: TemplateExpression
  ) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    advance()
    switch token.kind {
    case .name(let name):
      guard !name.hasPrefix("__") else { throw unsupported("the attribute '\(name)'") }
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
    var parts: [TemplateExpression?] = [nil]
    while !isSymbol("]") {
      if take(":") {
        guard parts.count < 3 else { throw unexpected(expected: "']'") }
        parts.append(nil)
      } else {
        guard parts[parts.count - 1] == nil else {
          throw isSymbol(",")
            ? unsupported("an index of several values") : unexpected(expected: "']'")
        }
        parts[parts.count - 1] = try expression()
      }
    }
    advance()
    guard parts.count == 1 else {
      return try node(.slice(value, parts), [value] + parts.compactMap(\.self), line: line)
    }
    guard let index = parts[0] else { throw error("an empty index", line: line) }
    return try node(.item(value, index), [value, index], line: line)
  }

  private mutating func call(
    _ callee: TemplateExpression
  ) throws(SparrowError) -> TemplateExpression {
    let line = token.line
    let arguments = try arguments()
    switch callee.kind {
    case .attribute(let target, let name):
      guard let method = TemplateMethod(rawValue: name) else {
        throw unsupported("the method '\(name)'", line: line)
      }
      return try node(
        .method(target, method, arguments), [target] + arguments.all, line: line)
    case .name:
      return try node(.call(callee, arguments), [callee] + arguments.all, line: line)
    default: throw unsupported("a call of what is no name", line: line)
    }
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
      if isSymbol("*") || isSymbol("**") { throw unsupported("unpacked arguments") }
      if case .name(let name) = token.kind, next.kind == .symbol("=") {
        advance()
        advance()
        guard !arguments.named.contains(where: { $0.name == name }) else {
          throw error("the argument '\(name)' twice")
        }
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else {
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
    let name = try name()
    guard let test = TemplateTest(name: name) else {
      throw unsupported("the test '\(name)'", line: line)
    }
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
    let takesValue = test.relation != nil
    guard arguments.named.isEmpty, arguments.positional.count == (takesValue ? 1 : 0) else {
      throw error(
        "the test '\(name)' with \(arguments.all.count) arguments",
        expected: takesValue ? "one" : "none", line: line)
    }
    let result = try node(
      .test(value, test, arguments), [value] + arguments.all, line: line)
    return isNegated ? try node(.not(result), [result], line: line) : result
  }

  /// Refuses what is known from the source alone not to be supported.
  private func check(
    _ filter: TemplateFilter, _ arguments: TemplateExpression.Arguments, line: Int
  ) throws(SparrowError) {
    let names: Set<String> =
      switch filter {
      case .default: ["default_value", "boolean"]
      case .int: ["default"]
      case .join: ["d", "attribute"]
      case .map: ["attribute", "default"]
      case .replace: ["old", "new", "count"]
      case .sort: ["reverse", "case_sensitive", "attribute"]
      case .tojson: ["indent", "ensure_ascii"]
      case .trim: ["chars"]
      default: []
      }
    for argument in arguments.named where !names.contains(argument.name) {
      throw unsupported("the argument '\(argument.name)' of the filter '\(filter)'", line: line)
    }
    for (index, argument) in arguments.positional.enumerated() {
      guard case .text(let name) = argument.kind else { continue }
      let testAt = filter == .select || filter == .reject ? 0 : 1
      let isSelection: Bool =
        switch filter {
        case .select, .reject, .selectattr, .rejectattr: true
        default: false
        }
      if isSelection, index == testAt, TemplateTest(name: name) == nil {
        throw unsupported("the test '\(name)'", line: line)
      }
      if filter == .map, index == 0, TemplateFilter(name: name) == nil {
        throw unsupported("the filter '\(name)'", line: line)
      }
    }
  }
}
