internal import SparrowCore

extension SchemaCompiler {
  private static let largestDivisor = 10_000
  /// Expressions and formats of one string; divisors of one number: each is a way of its own
  /// through what both allow.
  private static let intersectionLimit = 16
  /// An expression takes as long as that many parts written out.
  private static let expressionCost = 1000

  /// Strings by their lengths, expressions and formats.
  mutating func string(
    _ facts: SchemaFacts, _ patterns: inout PatternTable, isConstant: Bool = false
  ) throws(SparrowError) -> Pattern.ID {
    let (least, most) = (facts.minimumLength, facts.maximumLength)
    guard least <= most else { return PatternTable.nothing }
    let expressions = facts.expressions.count + facts.formats.count
    guard expressions <= Self.intersectionLimit else {
      throw tooLarge(facts, "at most \(Self.intersectionLimit) expressions of one string")
    }
    try count(Self.expressionCost * expressions, facts, patterns)
    let isCounted = least > 0 || most < .max
    var contents: [Pattern.ID] = []
    for format in facts.formats {
      contents.append(
        try ExpressionParser.pattern(format.expression, pointer: facts.pointer, &patterns))
    }
    for node in facts.expressions {
      contents.append(
        try ExpressionParser.pattern(try node.text(), pointer: node.pointer, &patterns))
    }
    guard !contents.isEmpty || isConstant else {
      if !isCounted { return patterns.call(values.string) }
      let content = patterns.repeated(values.character, least: least, most: most)
      return ValuePatterns.quoted(content, &patterns)
    }
    // In expressions each character has one form: so have the counts beside them.
    if isCounted || contents.isEmpty {
      let character = patterns.character(ScalarRanges.any)
      contents.append(patterns.repeated(character, least: least, most: most))
    }
    let content = contents.reduce(PatternTable.everything) { patterns.both($0, $1) }
    return ValuePatterns.quoted(content, &patterns)
  }

  /// Numbers by their bounds and divisors.
  func number(
    _ facts: SchemaFacts, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    guard facts.divisors.count <= Self.intersectionLimit else {
      throw tooLarge(facts, "at most \(Self.intersectionLimit) divisors of one number")
    }
    let isInteger =
      facts.allowedKinds.isDisjoint(with: .fraction) || !facts.divisors.isEmpty
    let bounds = [facts.minimum, facts.maximum].compactMap { $0 }
    if bounds.isEmpty, facts.divisors.isEmpty {
      return isInteger ? patterns.number(isInteger: true) : patterns.call(values.number)
    }
    let limit = Int(PatternTable.digitLimit)
    // So few digits that a number which keeps to a bound does so as a binary number too.
    let fraction =
      bounds.map { max(1, $0.digits.fraction.count, limit - $0.digits.whole.count) }.min()
    let digits = NumberPatterns(
      wholeLimit: bounds.reduce(limit) { max($0, $1.digits.whole.count) },
      fractionLimit: isInteger ? 0 : fraction ?? limit)
    var pattern = isInteger ? patterns.number(isInteger: true) : PatternTable.everything
    if let bound = facts.minimum {
      let range = digits.atLeast(
        bound.digits, isNegative: bound.isNegative, isStrict: bound.isStrict, &patterns)
      pattern = patterns.both(pattern, range)
    }
    if let bound = facts.maximum {
      let range = digits.atMost(
        bound.digits, isNegative: bound.isNegative, isStrict: bound.isStrict, &patterns)
      pattern = patterns.both(pattern, range)
    }
    for node in facts.divisors {
      guard let divisor = node.json.int, (1...Self.largestDivisor).contains(divisor) else {
        throw node.unsupported("a whole number up to \(Self.largestDivisor)")
      }
      let multiple = patterns.multiple(of: Int32(divisor), remainder: 0)
      let minus = patterns.optional(patterns.literal("-"))
      pattern = patterns.both(pattern, patterns.sequence(minus, multiple))
    }
    return pattern
  }
}
