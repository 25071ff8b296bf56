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
        try TokenGrammar(.jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared)
      }
      #expect(error?.kind == .unsupported)
    }
  }

  /// A hundred thousand tokens of three letters.
  private static let words = TokenVocabulary(
    tokens: (0...255).map { [$0] }
      + (0..<100_000).map { number in
        [UInt8(97 + number % 26), UInt8(97 + number / 26 % 26), UInt8(33 + number / 676 % 90)]
      })

  @Test("a mask that takes too long ends the text with an error that names the field")
  func costlyMasks() throws {
    let schema = #"{"type": "string", "pattern": "[a-z].{95}$"}"#
    let grammar = try TokenGrammar(.jsonSchema(try JSON.parse(schema)), vocabulary: Self.words)
    var constraint = grammar.constraint(field: "response_format")
    var random = SeededRandom(seed: 1)
    for _ in 0..<200 where constraint.failure == nil {
      let before = grammar.withMachine { $0.automaton.work }!
      let mask = constraint.allowed()
      let after = grammar.withMachine { $0.automaton.work }!
      #expect(after - before < 4_000_000)
      guard mask.count > 0 else { break }
      var members: [Int32] = []
      mask.forEach { members.append($0) }
      constraint.accept(members[Int(random.next() % UInt64(members.count))])
    }
    let failure = try #require(constraint.failure)
    #expect(failure.kind == .unsupported && failure.field == "response_format")
    #expect(constraint.mustEnd())
    // Others find the grammar as new.
    var other = grammar.constraint()
    #expect(other.allowed().count > 0)
  }

  @Test("large enumerations and long texts beside a pattern cost little")
  func cheap() throws {
    let words = Self.list(5000) { #""value \#($0 * 7919 % 100_003)""# }
    for schema in [
      #"{"enum": \#(words)}"#, #"{"minLength": 5000, "pattern": "^[a-z ]*$"}"#,
      #"{"minLength": 8000, "maxLength": 9000, "pattern": "[0-9]"}"#,
    ] {
      let grammar = try TokenGrammar(
        .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared)
      var constraint = grammar.constraint()
      #expect(constraint.allowed().count > 0)
      #expect(grammar.withMachine { $0.automaton.work }! < 1_000_000)
    }
  }
}
