internal import SparrowCore

/// A least or greatest number, in decimal digits.
struct NumberBound: Sendable {
  let value: Double
  let digits: DecimalDigits
  let isNegative: Bool
  /// Whether the number itself is out of bounds.
  let isStrict: Bool

  init(_ node: SchemaNode, isStrict: Bool) throws(SparrowError) {
    guard let value = node.json.double else { throw node.malformed("a number") }
    guard let digits = DecimalDigits(node.json.text()) else {
      throw node.unsupported("a number of at most \(DecimalDigits.limit) digits")
    }
    self.value = value
    self.digits = digits
    isNegative = value < 0
    self.isStrict = isStrict
  }

  /// Of two bounds the one that allows less.
  static func tighter(
    _ first: NumberBound?, _ second: NumberBound?, isMinimum: Bool
  ) -> NumberBound? {
    guard let first, let second else { return first ?? second }
    if first.value == second.value { return first.isStrict ? first : second }
    return (first.value > second.value) == isMinimum ? first : second
  }

  /// Whether a number keeps to it.
  func allows(_ number: Double, isMinimum: Bool) -> Bool {
    if number == value { return !isStrict }
    return (number > value) == isMinimum
  }
}
