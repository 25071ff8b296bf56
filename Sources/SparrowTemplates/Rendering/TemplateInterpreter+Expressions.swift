internal import SparrowCore

extension TemplateInterpreter {
  /// The value of an expression.
  func evaluate(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    try enter()
    line = expression.line
    // The cases stand in three functions, each with a short frame, since every level of recursion
    // takes stack.
    let value: TemplateValue =
      if let literal = literal(expression) {
        literal
      } else if expression.isAccess {
        try access(expression, scope)
      } else {
        try operation(expression, scope)
      }
    leave()
    return value
  }

  private func literal(_ expression: TemplateExpression) -> TemplateValue? {
    switch expression.kind {
    case .none: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .text(let text): .text(text)
    default: nil
    }
  }

  private func operation(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    switch expression.kind {
    case .list(let items): .list(try list(items, scope))
    case .tuple(let items): .tuple(try list(items, scope))
    case .dictionary(let items): try dictionary(items, scope)
    case .conditional(let condition, let then, let otherwise):
      try conditional(condition, then, otherwise, scope)
    case .and(let left, let right): try both(left, right, scope)
    case .or(let left, let right): try either(left, right, scope)
    case .not(let operand): .boolean(!(try evaluate(operand, scope).isTrue))
    case .negative(let operand): try negate(operand, scope, times: 1)
    case .positive(let operand): try negate(operand, scope, times: 2)
    case .arithmetic(let sign, let left, let right): try arithmetic(sign, left, right, scope)
    case .concatenation(let parts): try concatenate(parts, scope)
    case .comparison(let first, let rest): try compare(first, rest, scope)
    default: .null
    }
  }

  private func access(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    switch expression.kind {
    case .name(let name): try variable(name, scope)
    case .attribute(let target, let name): try attribute(target, name, scope)
    case .item(let target, let index): try item(target, index, scope)
    case .slice(let target, let parts): try slice(target, parts, scope)
    case .call: try call(expression, scope, caller: nil)
    case .filter(let target, let filter, let arguments):
      try apply(filter, target, arguments, scope)
    case .test(let target, let test, let arguments): try check(test, target, arguments, scope)
    default: .null
    }
  }

  private func negate(
    _ operand: TemplateExpression, _ scope: TemplateScope, times: Int
  ) throws(SparrowError) -> TemplateValue {
    var value = try evaluate(operand, scope)
    for _ in 0..<times { value = try negate(value) }
    return value
  }

  private func arithmetic(
    _ sign: TemplateOperator, _ left: TemplateExpression, _ right: TemplateExpression,
    _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let left = try evaluate(left, scope)
    return try arithmetic(sign, left, try evaluate(right, scope))
  }

  private func attribute(
    _ target: TemplateExpression, _ name: String, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    try attribute(name, of: try evaluate(target, scope))
  }

  private func item(
    _ target: TemplateExpression, _ index: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(target, scope)
    return try item(try evaluate(index, scope), of: value)
  }

  private func apply(
    _ name: String, _ target: TemplateExpression, _ arguments: TemplateExpression.Arguments,
    _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(target, scope)
    guard let filter = TemplateFilter(name: name) else {
      throw unsupported("the filter '\(name)'")
    }
    return try apply(filter, to: value, try evaluate(arguments, scope))
  }

  private func check(
    _ name: String, _ target: TemplateExpression, _ arguments: TemplateExpression.Arguments,
    _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(target, scope)
    guard let test = TemplateTest(name: name) else { throw unsupported("the test '\(name)'") }
    let arguments = try evaluate(arguments, scope)
    guard arguments.named.isEmpty, arguments.positional.count == test.argumentCount else {
      throw error(
        "the test '\(name)' with \(arguments.positional.count) arguments",
        expected: "\(test.argumentCount)")
    }
    return .boolean(try check(test, value, arguments.positional))
  }

  private func variable(
    _ name: String, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    if let value = scope[name] { return value }
    if let function = TemplateFunction(rawValue: name) { return .function(function) }
    switch name {
    case "cycler", "joiner", "lipsum", "self", "super":
      throw unsupported("Jinja's '\(name)'")
    default: return .undefined("'\(name)'")
    }
  }

  private func list(
    _ items: [TemplateExpression], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateList {
    var values: [TemplateValue] = []
    for item in items {
      let value = try evaluate(item, scope)
      try checkStorable(value)
      values.append(value)
    }
    return TemplateList(values)
  }

  private func dictionary(
    _ items: [(key: TemplateExpression, value: TemplateExpression)], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    var dictionary = TemplateDictionary()
    for item in items {
      let key = try evaluate(item.key, scope)
      try set(key, try evaluate(item.value, scope), in: &dictionary)
    }
    return .dictionary(dictionary)
  }

  func set(
    _ key: TemplateValue, _ value: TemplateValue, in dictionary: inout TemplateDictionary
  ) throws(SparrowError) {
    guard TemplateDictionary.isKey(key) else {
      throw error("\(key.typeName) as a dictionary's key")
    }
    try checkStorable(value)
    try charge(dictionary.keys.count, .moved)
    dictionary.set(key, value)
  }

  private func conditional(
    _ condition: TemplateExpression, _ then: TemplateExpression, _ otherwise: TemplateExpression?,
    _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    if try evaluate(condition, scope).isTrue { return try evaluate(then, scope) }
    guard let otherwise else { return .undefined("an inline 'if' without 'else'") }
    return try evaluate(otherwise, scope)
  }

  private func both(
    _ left: TemplateExpression, _ right: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(left, scope)
    return value.isTrue ? try evaluate(right, scope) : value
  }

  private func either(
    _ left: TemplateExpression, _ right: TemplateExpression, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(left, scope)
    return value.isTrue ? value : try evaluate(right, scope)
  }

  private func concatenate(
    _ parts: [TemplateExpression], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    var text = TemplateString("")
    for part in parts {
      let part = try self.text(of: try evaluate(part, scope))
      try charge(part.count, .copied)
      text.append(part)
    }
    return .text(text)
  }

  private func compare(
    _ first: TemplateExpression, _ rest: [(relation: TemplateRelation, TemplateExpression)],
    _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    var left = try evaluate(first, scope)
    for (relation, expression) in rest {
      let right = try evaluate(expression, scope)
      guard try holds(relation, left, right) else { return .boolean(false) }
      left = right
    }
    return .boolean(true)
  }

  private func slice(
    _ target: TemplateExpression, _ parts: [TemplateExpression?], _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateValue {
    let value = try evaluate(target, scope)
    var bounds: [Int?] = [nil, nil, nil]
    for (index, part) in parts.enumerated() {
      guard let part else { continue }
      let bound = try evaluate(part, scope)
      if case .null = bound { continue }
      bounds[index] = try integer(bound, "a slice's bound")
    }
    return try slice(value, bounds)
  }

  private func evaluate(
    _ arguments: TemplateExpression.Arguments, _ scope: TemplateScope
  ) throws(SparrowError) -> TemplateArguments {
    var values = TemplateArguments()
    for argument in arguments.positional { values.positional.append(try evaluate(argument, scope)) }
    for argument in arguments.named {
      values.named.append((argument.name, try evaluate(argument.value, scope)))
    }
    if let list = arguments.list {
      values.positional += try elements(of: try evaluate(list, scope))
    }
    if let expression = arguments.dictionary {
      guard case .dictionary(let dictionary) = try evaluate(expression, scope) else {
        throw error("arguments that are no dictionary after '**'")
      }
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        guard let name = key.string?.text else { throw error("an argument without a name") }
        values.named.append((name, value))
      }
    }
    try charge(values.positional.count + values.named.count, .moved)
    return values
  }

  /// The value of a call, whose callee may use `caller`.
  func call(
    _ call: TemplateExpression, _ scope: TemplateScope, caller: TemplateClosure?
  ) throws(SparrowError) -> TemplateValue {
    guard case .call(let callee, let arguments) = call.kind else { return .null }
    let target = try evaluate(callee, scope)
    var values = try evaluate(arguments, scope)
    if let caller { values.named.append(("caller", .macro(caller))) }
    line = callee.line
    switch target {
    case .function(let function): return try self.call(function, values)
    case .macro(let closure): return try self.call(closure, values)
    case .method(let method): return try self.call(method, values)
    case .loop(let state): return try self.call(state, values)
    case .undefined(let what): throw error("a call of \(what), which is undefined")
    default: throw error("a call of \(target.typeName)")
    }
  }

  private func call(
    _ closure: TemplateClosure, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let macro = closure.macro
    let scope = TemplateScope(parent: closure.scope ?? root)
    var arguments = arguments
    let names = macro.parameters.map(\.name)
    if macro.extras.contains("varargs") {
      let rest = Array(arguments.positional.dropFirst(names.count))
      for value in rest { try checkStorable(value) }
      scope["varargs"] = .tuple(TemplateList(rest))
      arguments.positional.removeLast(rest.count)
    }
    if macro.extras.contains("caller"), !names.contains("caller") {
      let index = arguments.named.firstIndex { $0.name == "caller" }
      scope["caller"] = index.map { arguments.named.remove(at: $0).value } ?? .undefined("'caller'")
    }
    if macro.extras.contains("kwargs") {
      var rest = TemplateDictionary()
      for argument in arguments.named where !names.contains(argument.name) {
        try set(.text(argument.name), argument.value, in: &rest)
      }
      scope["kwargs"] = .dictionary(rest)
      arguments.named.removeAll { !names.contains($0.name) }
    }
    let values = try bind(arguments, names, to: "the macro '\(macro.name)'")
    for (parameter, value) in zip(macro.parameters, values) {
      if let value {
        scope[parameter.name] = value
      } else if let preset = parameter.preset {
        scope[parameter.name] = try evaluate(preset, scope)
      } else {
        scope[parameter.name] = .undefined("the parameter '\(parameter.name)'")
      }
    }
    return .text(try capture(macro.body, scope))
  }
}
