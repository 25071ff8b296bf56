import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowGrammar

/// What takes too long is refused when it is compiled, or ends the text with an error. Work is
/// counted, not timed.
@Suite struct MaskCostTests {
  private static func pattern(_ text: String) -> String { #"{"pattern": "\#(text)"}"# }

  private static func list(_ count: Int, _ part: (Int) -> String) -> String {
    "[" + (0..<count).map(part).joined(separator: ",") + "]"
  }

  private static let costly: [String] = [
    pattern("^((a{1,9}b?){1,9}c?){1,9}$"),
    #"{"allOf": \#(list(14) { pattern("[a-z].{\($0 + 60)}$") })}"#,
    #"{"anyOf": \#(list(300) { pattern("^[a-z]{1,\($0 + 1)}x.{0,30}\($0)$") })}"#,
    #"{"maxLength": 90, "allOf": [\#(pattern("(a|b.){1,40}")), \#(pattern("[a-z]*b.{30}"))]}"#,
    #"{"allOf": \#(list(14) { #"{"multipleOf": \#(9001 + 71 * $0)}"# })}"#,
  ]

  @Test("products of patterns, counts and divisors are refused while they are looked through")
  func refusals() throws {
    for schema in Self.costly {
      let error = #expect(throws: SparrowError.self, "\(schema.prefix(80))") {
        try TokenGrammar(
          .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared,
          compiling: 500_000, choosing: 500_000)
      }
      #expect(error?.kind == .unsupported)
    }
  }

  @Test("a mask that takes too long ends the text with an error that names the field")
  func costlyMasks() throws {
    let schema = #"{"type": "string", "pattern": "[a-z].{60}$"}"#
    let grammar = try TokenGrammar(
      .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared,
      compiling: 500_000, choosing: 10_000)
    var constraint = grammar.constraint(field: "response_format")
    var random = SeededRandom(seed: 1)
    while constraint.failure == nil {
      let before = grammar.withMachine { $0.automaton.work } ?? 0
      let mask = constraint.allowed()
      let after = grammar.withMachine { $0.automaton.work } ?? 0
      // No step that has begun is broken off.
      #expect(after - before < 20_000)
      guard mask.count > 0 else { break }
      var members: [Int32] = []
      mask.forEach { members.append($0) }
      constraint.accept(members[Int(random.next() % UInt64(members.count))])
    }
    let failure = try #require(constraint.failure)
    #expect(failure.kind == .unsupported && failure.field == "response_format")
    let mustEnd = constraint.mustEnd()
    #expect(mustEnd)
    // Others find the grammar as new.
    var other = grammar.constraint()
    let mask = other.allowed()
    #expect(mask.count > 0)
  }

  @Test("large enumerations, and long texts beside a pattern, are taken")
  func long() throws {
    let words = Self.list(5000) { #""value \#($0 * 7919 % 100_003)""# }
    for schema in [
      #"{"enum": \#(words)}"#, #"{"minLength": 2000, "pattern": "^[a-z ]*$"}"#,
      #"{"minLength": 2000, "maxLength": 2100, "pattern": "[0-9]"}"#,
    ] {
      let grammar = try TokenGrammar(
        .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared)
      var constraint = grammar.constraint()
      let mask = constraint.allowed()
      #expect(mask.count > 0)
    }
  }
}
