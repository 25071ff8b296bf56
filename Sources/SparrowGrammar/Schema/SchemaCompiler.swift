internal import SparrowCore

/// Makes rules of a document's schemas: one of each conjunction that a value must satisfy.
struct SchemaCompiler {
  /// Rules of one document, patterns of its grammar, and what is written out in all.
  private static let ruleLimit = 5000
  private static let patternLimit = 200_000
  private static let writingLimit = 2_000_000
  /// Parts of one given value, each of which makes some patterns.
  private static let valueLimit = 50_000

  var reader: SchemaReader
  let values: ValuePatterns
  private var rules: [Set<[UInt8]>: Int32] = [:]
  /// Rules that are called and not yet defined.
  private var open: [(rule: Int32, schemas: SchemaConjunction)] = []
  /// Alternatives of members and parts of given values that were written out, by which the work is
  /// bounded.
  private var written = 0

  init(_ document: JSON, _ values: ValuePatterns) {
    reader = SchemaReader(document)
    self.values = values
  }

  /// The pattern of the values that satisfy a document.
  ///
  /// Throws `.unsupported` for what is not known, `.malformed` for what is no schema; both name the
  /// JSON pointer.
  static func pattern(
    of document: JSON, _ values: ValuePatterns, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    var compiler = SchemaCompiler(document, values)
    let start = try compiler.call([compiler.reader.root], &patterns)
    while let next = compiler.open.popLast() {
      patterns.define(next.rule, try compiler.pattern(next.schemas, &patterns))
    }
    return start
  }

  /// A call of the rule of some schemas.
  mutating func call(
    _ schemas: SchemaConjunction, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    let schemas = schemas.filter { $0.json != true }
    if schemas.isEmpty { return patterns.call(values.value) }
    let key = schemas.key
    if let known = rules[key] { return patterns.call(known) }
    guard rules.count < Self.ruleLimit else {
      throw SparrowError(
        .unsupported, field: schemas[0].pointer, found: "a large schema",
        expected: "at most \(Self.ruleLimit) schemas in it")
    }
    let rule = patterns.addRule()
    rules[key] = rule
    open.append((rule, schemas))
    return patterns.call(rule)
  }

  /// Counts what is about to be written out, beside the patterns that there are.
  mutating func count(
    _ parts: Int, _ facts: SchemaFacts, _ patterns: PatternTable
  ) throws(SparrowError) {
    written += parts
    guard written <= Self.writingLimit, patterns.patterns.count <= Self.patternLimit,
      !patterns.isExhausted
    else {
      throw tooLarge(facts, "fewer optional properties, values or expressions")
    }
  }

  func tooLarge(_ facts: SchemaFacts, _ expected: String) -> SparrowError {
    SparrowError(.unsupported, field: facts.pointer, found: "a large schema", expected: expected)
  }

  private mutating func pattern(
    _ schemas: SchemaConjunction, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    var choices: [Pattern.ID] = []
    for facts in try reader.alternatives(schemas) {
      try count(1, facts, patterns)
      if let given = facts.values {
        choices += try constants(given, facts, &patterns)
      } else {
        choices += try kinds(facts, &patterns)
      }
    }
    return patterns.choice(choices)
  }

  private mutating func kinds(
    _ facts: SchemaFacts, _ patterns: inout PatternTable
  ) throws(SparrowError) -> [Pattern.ID] {
    let allowed = facts.allowedKinds
    if allowed == .all, facts.mentioned.isEmpty { return [patterns.call(values.value)] }
    var choices: [Pattern.ID] = []
    if allowed.contains(.null) { choices.append(patterns.literal("null")) }
    if allowed.contains(.boolean) {
      choices += [patterns.literal("true"), patterns.literal("false")]
    }
    if !allowed.isDisjoint(with: .number) { choices.append(try number(facts, &patterns)) }
    if allowed.contains(.string) { choices.append(try string(facts, &patterns)) }
    if allowed.contains(.array) { choices.append(try array(facts, &patterns)) }
    if allowed.contains(.object) { choices.append(try object(facts, &patterns)) }
    return choices
  }

  /// Values that are given, of those the ones that the schema's other keywords allow.
  private mutating func constants(
    _ given: [JSON], _ facts: SchemaFacts, _ patterns: inout PatternTable
  ) throws(SparrowError) -> [Pattern.ID] {
    let kinds = facts.kinds ?? .all
    var texts: Pattern.ID?
    var choices: [Pattern.ID] = []
    for value in given where !kinds.isDisjoint(with: JSONKinds(of: value)) {
      let parts = value.nestedParts
      guard parts <= Self.valueLimit else { throw tooLarge(facts, "a smaller value") }
      try count(parts, facts, patterns)
      var pattern = values.constant(value, &patterns)
      switch value {
      case .string where facts.mentioned.contains(.string):
        if texts == nil { texts = try string(facts, &patterns, isConstant: true) }
        pattern = patterns.both(pattern, texts ?? PatternTable.nothing)
      case .integer where facts.mentioned.contains(.number),
        .number where facts.mentioned.contains(.number):
        guard facts.divisors.isEmpty else {
          throw facts.divisors[0].unsupported("no multipleOf beside given values")
        }
        let number = value.double ?? 0
        guard facts.minimum?.allows(number, isMinimum: true) ?? true,
          facts.maximum?.allows(number, isMinimum: false) ?? true
        else { continue }
      case .array where facts.mentioned.contains(.array),
        .object where facts.mentioned.contains(.object):
        throw SparrowError(
          .unsupported, field: facts.pointer, found: "lists or objects beside keywords for them",
          expected: "enum or const alone")
      default: break
      }
      choices.append(pattern)
    }
    return choices
  }
}
