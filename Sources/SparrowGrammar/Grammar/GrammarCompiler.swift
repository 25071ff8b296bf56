internal import SparrowCore

/// Makes an automaton of a grammar.
struct GrammarCompiler {
  /// Parts of a grammar; a schema's values are most of them.
  private static let partLimit = 100_000
  /// Steps that compiling takes at most, some tenths of a second.
  static let workLimit = 10_000_000

  var patterns = PatternTable()
  var values: ValuePatterns

  init() { values = ValuePatterns(&patterns) }

  static func automaton(of grammar: TextGrammar, work: Int) throws(SparrowError) -> Automaton {
    let parts = grammar.parts
    guard parts <= partLimit else {
      throw SparrowError(
        .unsupported, field: "#", found: "\(parts) values and pieces of text",
        expected: "at most \(partLimit)")
    }
    var compiler = GrammarCompiler()
    compiler.patterns.workLimit = work
    let start = try compiler.pattern(grammar)
    compiler.patterns.findProductiveRules()
    let isLive = compiler.patterns.isLive(start)
    guard !compiler.patterns.isExhausted else {
      throw SparrowError(
        .unsupported, field: "#", found: "a grammar that takes too long to look through",
        expected: "fewer alternatives, counts and patterns that hold at once")
    }
    guard isLive else {
      throw SparrowError(
        .argument, field: "#", found: "a schema that no value satisfies",
        expected: "one that a value satisfies")
    }
    return Automaton(compiler.patterns, start: start)
  }

  mutating func pattern(_ grammar: TextGrammar) throws(SparrowError) -> Pattern.ID {
    switch grammar {
    case .jsonSchema(let schema):
      return try SchemaCompiler.pattern(of: schema, values, &patterns)
    case .jsonObject: return patterns.call(values.object)
    case .literal(let text): return patterns.literal(text)
    case .sequence(let parts): return patterns.sequence(try all(parts))
    case .choice(let parts): return patterns.choice(try all(parts))
    case .repeated(let part, let least, let most):
      let counts = 0...100_000
      try SparrowError.require(least, in: counts, "least")
      try SparrowError.require(most ?? least, in: least...counts.upperBound, "most")
      return patterns.repeated(
        try pattern(part), least: Int32(least), most: most.map { Int32($0) } ?? .max)
    case .text(let marker, let rest):
      return patterns.choice([
        free(of: marker), patterns.sequence(until(marker), try pattern(rest)),
      ])
    }
  }

  private mutating func all(_ parts: [TextGrammar]) throws(SparrowError) -> [Pattern.ID] {
    var all: [Pattern.ID] = []
    for part in parts { all.append(try pattern(part)) }
    return all
  }

  /// Texts without a marker in them.
  private mutating func free(of marker: String) -> Pattern.ID {
    let any = PatternTable.everything
    return patterns.except(patterns.sequence([any, patterns.literal(marker), any]))
  }

  /// Texts that end with a marker's first place.
  private mutating func until(_ marker: String) -> Pattern.ID {
    let any = PatternTable.everything
    let literal = patterns.literal(marker)
    let later = patterns.sequence([any, literal, patterns.bytes(.all), any])
    return patterns.both(patterns.sequence(any, literal), patterns.except(later))
  }
}
