import SparrowCore
@testable import SparrowGrammar
import SparrowTestSupport
import Testing

/// Grammars that many requests share.
struct TokenGrammarTests {
  private func schema(_ text: String) throws -> TextGrammar { .jsonSchema(try JSON.parse(text)) }

  @Test("a cache keeps the grammars that were used last, and no refusals")
  func cache() throws {
    let cache = TokenGrammarCache(vocabulary: TestVocabulary.shared, limit: 2)
    let first = try cache.grammar(.jsonObject)
    #expect(try cache.grammar(.jsonObject) === first)
    _ = try cache.grammar(schema(#"{"type": "null"}"#))
    #expect(try cache.grammar(.jsonObject) === first)
    _ = try cache.grammar(schema(#"{"type": "string"}"#))
    #expect(cache.count == 2)
    #expect(try cache.grammar(.jsonObject) === first)
    #expect(throws: SparrowError.self) { try cache.grammar(schema(#"{"not": {}}"#)) }
    #expect(cache.count == 2)
  }

  @Test("a cache keeps as many grammars as its memory holds, and always the last")
  func cacheMemory() throws {
    func values(_ count: Int) throws -> TextGrammar {
      try schema(#"{"enum": [\#((0..<count).map { "\($0)" }.joined(separator: ","))]}"#)
    }
    let cache = TokenGrammarCache(vocabulary: TestVocabulary.shared, memory: 1 << 20)
    for count in 1...4 { _ = try cache.grammar(values(count)) }
    #expect(cache.count == 4)
    let large = try cache.grammar(values(5000))
    #expect(cache.count == 1)
    #expect(try cache.grammar(values(5000)) === large)
  }

  @Test("threads that share a grammar get what one alone gets")
  func threads() async throws {
    let grammar = try schema(
      #"{"type": "object", "additionalProperties": {"type": "string", "maxLength": 20}}"#)
    func texts(_ compiled: TokenGrammar, _ seed: UInt64) -> [[UInt8]?] {
      var random = SeededRandom(seed: seed)
      return (0..<10).map { _ in randomText(compiled, &random, most: 200) }
    }
    let vocabulary = TestVocabulary.shared
    let shared = try TokenGrammar(grammar, vocabulary: vocabulary)
    let found = await withTaskGroup(of: (UInt64, [[UInt8]?]).self) { group in
      for seed: UInt64 in 0..<4 { group.addTask { (seed, texts(shared, seed)) } }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for seed: UInt64 in 0..<4 {
      let alone = try TokenGrammar(grammar, vocabulary: vocabulary)
      #expect(found[seed] == texts(alone, seed))
    }
  }

  @Test("a constraint finds its place again when its grammar's machine begins anew")
  func beginningAnew() throws {
    // Each count is a state of its own.
    let grammar = try TokenGrammar(
      schema(#"{"type": "string", "maxLength": 14000}"#), vocabulary: TestVocabulary.shared)
    var early = grammar.constraint()
    early.accept(Int32(UInt8(ascii: "\"")) + 3)
    var long = early
    for _ in 0..<13_000 { long.accept(Int32(UInt8(ascii: "a")) + 3) }
    let generation = grammar.withMachine { $0.generation } ?? 0
    #expect(generation > 0)
    for constraint in [early, long] {
      var constraint = constraint
      let mask = constraint.allowed()
      #expect(!constraint.mayEnd && mask.contains(100))
      let isAccepted = constraint.accept(Int32(UInt8(ascii: "\"")) + 3)
      let mustEnd = constraint.mustEnd()
      #expect(isAccepted && constraint.mayEnd && mustEnd)
    }
  }

  @Test("schemas that are hard to hold stay within bounds")
  func hardSchemas() throws {
    let many = (0..<4000).map { #""value \#($0)""# }.joined(separator: ",")
    let optional = (0..<300).map { #""p\#($0)": {"type": "integer"}"# }.joined(separator: ",")
    let chain = (1..<400).map {
      ##""d\##($0)": {"items": {"$ref": "#/$defs/d\##($0 - 1)"}, "minItems": 1}"##
    }
    let chained = ##"{"$ref": "#/$defs/d399", "$defs": {"d0": {"type": "null"}, "##
    var random = SeededRandom(seed: 1)
    for text in [
      #"{"pattern": "^(a|b)*a(a|b){20}$"}"#, #"{"pattern": ".*a.{60}"}"#,
      #"{"pattern": "^\#(String(repeating: "a?", count: 90))$"}"#,
      #"{"pattern": "^((a*)*b?)*c$"}"#, #"{"pattern": "(x+x+)+y", "minLength": 50}"#,
      #"{"enum": [\#(many)]}"#, #"{"properties": {\#(optional)}}"#,
      #"{"const": [\#(many)]}"#, #"{"type": "integer", "multipleOf": 9973, "maximum": 1e14}"#,
      ##"{"items": {"anyOf": [{"$ref": "#"}, {"items": {"$ref": "#"}}, {"type": "array"}]}}"##,
      chained + chain.joined(separator: ",") + "}}",
    ] {
      let compiled = try TokenGrammar(schema(text), vocabulary: TestVocabulary.shared)
      _ = randomText(compiled, &random, most: 8)
    }
  }

  @Test("schemas that are too large are refused")
  func largeSchemas() throws {
    let names = (0..<1500).map { #""p\#($0)": true"# }.joined(separator: ",")
    let values = (0..<6000).map { "\($0)" }.joined(separator: ",")
    let branches = (0..<40).map { #"{"const": \#($0)}"# }.joined(separator: ",")
    let alternatives = #"{"anyOf": [\#(branches)]}"#
    let nested = (0..<150).map { ##""d\##($0)": {"$ref": "#/$defs/d\##($0 + 1)"}"## }
    for text in [
      #"{"properties": {\#(names)}}"#, #"{"enum": [\#(values)]}"#,
      #"{"allOf": [\#(alternatives), \#(alternatives)]}"#,
      #"{"pattern": "\#(String(repeating: "a", count: 2000))"}"#,
      #"{"pattern": "^(a|b)*a(a|b){200}$"}"#, #"{"pattern": "(.?.?.?.?.?.?){1,500}x"}"#,
      #"{"pattern": "^[a-z]*$", "minLength": 100000}"#,
      ##"{"$ref": "#/$defs/d0", "$defs": {\##(nested.joined(separator: ",")), "d150": true}}"##,
    ] {
      #expect(throws: SparrowError.self) {
        try TokenGrammar(schema(text), vocabulary: TestVocabulary.shared)
      }
    }
  }
}
