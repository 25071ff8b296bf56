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
    // Booleans repeat as 0 and 1 do.
    if sign == .multiply, case .boolean(let count) = right {
      return try arithmetic(sign, left, .integer(count ? 1 : 0))
    }
    if sign == .multiply, case .boolean(let count) = left {
      return try arithmetic(sign, .integer(count ? 1 : 0), right)
    }
    switch (sign, left, right) {
    case (.add, .text(let a), .text(let b)):
      try charge(a.count + b.count, .copied)
      return .text(a + b)
    case (.add, .markup(let a), .markup(let b)): return try join(a, b)
    case (.add, .markup(let a), .text(let b)): return try join(a, b.escaped)
    case (.add, .text(let a), .markup(let b)): return try join(a.escaped, b)
    case (.add, .list(let a), .list(let b)):
      try charge(a.items.count + b.items.count, .moved)
      return .list(TemplateList(a.items + b.items))
    case (.add, .tuple(let a), .tuple(let b)):
      try charge(a.items.count + b.items.count, .moved)
      return .tuple(TemplateList(a.items + b.items))
    case (.multiply, .text(let text), .integer(let count)),
      (.multiply, .integer(let count), .text(let text)):
      try charge(text.count, times: count, .copied)
      return .text(.repeating(text, count: text.isEmpty ? 0 : max(count, 0)))
    case (.multiply, .list(let list), .integer(let count)),
      (.multiply, .integer(let count), .list(let list)):
      return .list(TemplateList(try repeated(list.items, count)))
    case (.multiply, .tuple(let list), .integer(let count)),
      (.multiply, .integer(let count), .tuple(let list)):
      return .tuple(TemplateList(try repeated(list.items, count)))
    case (.remainder, .text(let format), _):
      return .text(try formatted(format, right))
    case (.remainder, .markup, _), (.multiply, .markup, _), (.multiply, _, .markup):
      throw unsupported("the operator '\(sign.rawValue)' on safe text")
    case (_, .undefined(let what), _), (_, _, .undefined(let what)):
      throw error("the operator '\(sign.rawValue)' on \(what), which is undefined")
    default:
      throw error(
        "the operator '\(sign.rawValue)' between \(left.typeName) and \(right.typeName)")
    }
  }

  private func join(
    _ a: TemplateString, _ b: TemplateString
  ) throws(SparrowError) -> TemplateValue {
    try charge(a.count + b.count, .copied)
    return .markup(a + b)
  }

  private func repeated(
    _ items: [TemplateValue], _ count: Int
  ) throws(SparrowError) -> [TemplateValue] {
    try charge(items.count, times: count, .moved)
    return items.isEmpty || count < 1 ? [] : (0..<count).flatMap { _ in items }
  }

  /// Counts the work of repeating something.
  private func charge(
    _ size: Int, times count: Int, _ cost: TemplateCost
  ) throws(SparrowError) {
    let (size, overflow) = size.multipliedReportingOverflow(by: max(count, 0))
    try charge(overflow ? .max : size, cost)
  }

  private func arithmetic(
    _ sign: TemplateOperator, _ left: Number, _ right: Number
  ) throws(SparrowError) -> TemplateValue {
    switch sign {
    case .divide, .floorDivide, .remainder:
      guard right.double != 0 else { throw error("a division by zero") }
    default: break
    }
    if case .integer(let a) = left, case .integer(let b) = right, sign != .divide,
      sign != .power || b >= 0
    {
      return .integer(try arithmetic(sign, a, b))
    }
    let (a, b) = (left.double, right.double)
    switch sign {
    case .add: return .number(a + b)
    case .subtract: return .number(a - b)
    case .multiply: return .number(a * b)
    case .divide: return .number(a / b)
    case .floorDivide: return .number((a / b).rounded(.down))
    case .remainder:
      let rest = a.truncatingRemainder(dividingBy: b)
      return .number(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
    case .power: throw unsupported("'**' between fractions")
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
    case .power: result = power(a, b)
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

  /// `base` to the power of `exponent`, which is not negative.
  private func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if exponent == 0 || base == 1 { return (1, false) }
    if base == 0 { return (0, false) }
    if base == -1 { return (exponent & 1 == 0 ? 1 : -1, false) }
    var value = 1
    for _ in 0..<exponent {
      let (next, overflow) = value.multipliedReportingOverflow(by: base)
      if overflow { return (0, true) }
      value = next
    }
    return (value, false)
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
      try charge(min(a.count, b.count), .searched)
      return TemplateText.same(a.text, b.text)
    }
    switch (left, right) {
    case (.undefined, .undefined), (.null, .null): return true
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a.items.count == b.items.count else { return false }
      for (x, y) in zip(a.items, b.items) {
        try charge(1, .moved)
        guard try equal(x, y) else { return false }
      }
      return true
    case (.dictionary(let a), .dictionary(let b)):
      guard a.keys.count == b.keys.count else { return false }
      for (key, value) in zip(a.keys, a.values) {
        try charge(b.keys.count, .moved)
        guard let other = b[key], try equal(value, other) else { return false }
      }
      return true
    case (.sequence(let a), .sequence(let b)): return a === b
    case (.function(let a), .function(let b)): return a == b
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
    if let a = left.string?.text, let b = right.string?.text {
      try charge(min(a.utf8.count, b.utf8.count), .searched)
      return orEqual ? !TemplateText.precedes(b, a) : TemplateText.precedes(a, b)
    }
    switch (left, right) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      try charge(1, .moved)
      for (a, b) in zip(a.items, b.items) where !(try equal(a, b)) {
        return try isOrdered(a, b, orEqual: orEqual)
      }
      return orEqual ? a.items.count <= b.items.count : a.items.count < b.items.count
    default: throw error("an order between \(left.typeName) and \(right.typeName)")
    }
  }

  /// Python's `in`.
  func contains(
    _ container: TemplateValue, _ value: TemplateValue
  ) throws(SparrowError) -> Bool {
    if let text = container.string?.text {
      guard let part = value.string?.text else {
        throw error("\(value.typeName) in a string", expected: "a string")
      }
      try charge(text.utf8.count, .searched)
      try charge(part.utf8.count, .changed)
      return TemplateText.contains(text, part)
    }
    if case .dictionary(let dictionary) = container {
      try charge(dictionary.keys.count, .moved)
      switch value {
      case .list, .dictionary: throw error("\(value.typeName) as a dictionary's key")
      default: return TemplateDictionary.isKey(value) && dictionary[value] != nil
      }
    }
    for item in try elements(of: container) {
      try charge(1, .moved)
      if try equal(item, value) { return true }
    }
    return false
  }
}
