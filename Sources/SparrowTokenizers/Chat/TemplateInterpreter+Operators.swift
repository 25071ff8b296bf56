internal import SparrowCore

extension TemplateInterpreter {
  private enum Number {
    case integer(Int)
    case double(Double)

    var double: Double {
      switch self {
      case .integer(let value): Double(value)
      case .double(let value): value
      }
    }
  }

  private func number(_ value: TemplateValue) -> Number? {
    switch value {
    case .boolean(let value): .integer(value ? 1 : 0)
    case .integer(let value): .integer(value)
    case .number(let value): .double(value)
    default: nil
    }
  }

  func negate(_ value: TemplateValue) throws(SparrowError) -> TemplateValue {
    switch number(value) {
    case .integer(.min): throw unsupported("an integer beyond 64 bits")
    case .integer(let value): return .integer(-value)
    case .double(let value): return .number(-value)
    case nil: throw error("a sign before \(value.typeName)")
    }
  }

  func arithmetic(
    _ sign: TemplateOperator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    if let left = number(left), let right = number(right) {
      return try arithmetic(sign, left, right)
    }
    switch (sign, left, right) {
    case (.add, .text(let a), .text(let b)):
      try charge(a.utf8.count + b.utf8.count)
      return .text(a + b)
    case (.add, .markup(let a), .markup(let b)): return try join(a, b)
    case (.add, .markup(let a), .text(let b)): return try join(a, TemplateText.escaped(b))
    case (.add, .text(let a), .markup(let b)): return try join(TemplateText.escaped(a), b)
    case (.add, .list(let a), .list(let b)):
      try charge((a.items.count + b.items.count) * 16)
      return .list(TemplateList(a.items + b.items))
    case (.add, .tuple(let a), .tuple(let b)):
      try charge((a.items.count + b.items.count) * 16)
      return .tuple(TemplateList(a.items + b.items))
    case (.multiply, .text(let text), .integer(let count)),
      (.multiply, .integer(let count), .text(let text)):
      let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
      try charge(overflow ? .max : bytes)
      return .text(bytes == 0 ? "" : String(repeating: text, count: count))
    case (.remainder, .text, _), (.remainder, .markup, _):
      throw unsupported("the operator '%' on a string")
    case (.multiply, .list, _), (.multiply, _, .list), (.multiply, .tuple, _),
      (.multiply, _, .tuple), (.multiply, .markup, _), (.multiply, _, .markup):
      throw unsupported("the operator '*' between \(left.typeName) and \(right.typeName)")
    case (_, .undefined(let what), _), (_, _, .undefined(let what)):
      throw error("the operator '\(sign.rawValue)' on \(what), which is undefined")
    default:
      throw error(
        "the operator '\(sign.rawValue)' between \(left.typeName) and \(right.typeName)")
    }
  }

  private func join(_ a: String, _ b: String) throws(SparrowError) -> TemplateValue {
    try charge(a.utf8.count + b.utf8.count)
    return .markup(a + b)
  }

  private func arithmetic(
    _ sign: TemplateOperator, _ left: Number, _ right: Number
  ) throws(SparrowError) -> TemplateValue {
    switch sign {
    case .divide, .floorDivide, .remainder:
      guard right.double != 0 else { throw error("a division by zero") }
    default: break
    }
    if case .integer(let a) = left, case .integer(let b) = right, sign != .divide {
      return .integer(try arithmetic(sign, a, b))
    }
    let (a, b) = (left.double, right.double)
    switch sign {
    case .add: return .number(a + b)
    case .subtract: return .number(a - b)
    case .multiply: return .number(a * b)
    case .divide: return .number(a / b)
    case .floorDivide, .remainder: throw unsupported("'\(sign.rawValue)' between fractions")
    }
  }

  private func arithmetic(
    _ sign: TemplateOperator, _ a: Int, _ b: Int
  ) throws(SparrowError) -> Int {
    let result: (partialValue: Int, overflow: Bool)
    switch sign {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide, .floorDivide, .remainder:
      guard b != -1 else {
        result = sign == .remainder ? (0, false) : 0.subtractingReportingOverflow(a)
        break
      }
      // Python rounds towards minus infinity.
      let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      result =
        sign == .remainder
        ? (isBelow ? rest + b : rest, false) : (quotient - (isBelow ? 1 : 0), false)
    }
    guard !result.overflow else { throw unsupported("an integer beyond 64 bits") }
    return result.partialValue
  }

  func holds(
    _ relation: TemplateRelation, _ left: TemplateValue, _ right: TemplateValue
  ) throws(SparrowError) -> Bool {
    switch relation {
    case .equal: return try equal(left, right)
    case .notEqual: return !(try equal(left, right))
    case .in: return try contains(right, left)
    case .notIn: return !(try contains(right, left))
    case .less: return try isOrdered(left, right, orEqual: false)
    case .lessOrEqual: return try isOrdered(left, right, orEqual: true)
    case .greater: return try isOrdered(right, left, orEqual: false)
    case .greaterOrEqual: return try isOrdered(right, left, orEqual: true)
    }
  }

  /// Python's `==`; strings by their bytes.
  func equal(_ left: TemplateValue, _ right: TemplateValue) throws(SparrowError) -> Bool {
    if let a = number(left), let b = number(right) {
      if case .integer(let a) = a, case .integer(let b) = b { return a == b }
      return a.double == b.double
    }
    if let a = left.string, let b = right.string {
      try charge(4 * min(a.utf8.count, b.utf8.count))
      return TemplateText.same(a, b)
    }
    switch (left, right) {
    case (.undefined, .undefined), (.null, .null): return true
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a.items.count == b.items.count else { return false }
      for (x, y) in zip(a.items, b.items) {
        try charge(16)
        guard try equal(x, y) else { return false }
      }
      return true
    case (.dictionary(let a), .dictionary(let b)):
      guard a.keys.count == b.keys.count else { return false }
      for (key, value) in zip(a.keys, a.values) {
        try charge(16 * b.keys.count)
        guard let other = b[key], try equal(value, other) else { return false }
      }
      return true
    default:
      guard left.isStorable, right.isStorable else {
        throw unsupported("a comparison of \(left.typeName) with \(right.typeName)")
      }
      return false
    }
  }

  /// Python's `<` or `<=`.
  func isOrdered(
    _ left: TemplateValue, _ right: TemplateValue, orEqual: Bool
  ) throws(SparrowError) -> Bool {
    if let a = number(left), let b = number(right) {
      if case .integer(let a) = a, case .integer(let b) = b { return orEqual ? a <= b : a < b }
      return orEqual ? a.double <= b.double : a.double < b.double
    }
    if let a = left.string, let b = right.string {
      try charge(4 * min(a.utf8.count, b.utf8.count))
      return orEqual ? !TemplateText.precedes(b, a) : TemplateText.precedes(a, b)
    }
    switch (left, right) {
    case (.list, .list), (.tuple, .tuple): throw unsupported("an order of lists")
    default: throw error("an order between \(left.typeName) and \(right.typeName)")
    }
  }

  /// Python's `in`.
  func contains(
    _ container: TemplateValue, _ value: TemplateValue
  ) throws(SparrowError) -> Bool {
    if let text = container.string {
      guard let part = value.string else {
        throw error("\(value.typeName) in a string", expected: "a string")
      }
      try charge(4 * text.utf8.count + 16 * part.utf8.count)
      return TemplateText.contains(text, part)
    }
    if case .dictionary(let dictionary) = container {
      try charge(16 * dictionary.keys.count)
      if let key = value.string { return dictionary[key] != nil }
      switch value {
      case .list, .dictionary: throw error("\(value.typeName) as a dictionary's key")
      default: return false
      }
    }
    for item in try elements(of: container) {
      try charge(16)
      if try equal(item, value) { return true }
    }
    return false
  }
}
