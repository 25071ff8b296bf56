import SparrowCore
import SparrowGrammar
import SparrowTestSupport
import Testing

/// What holds for all schemas.
struct RandomSchemaTests {
  /// nil where a combination is refused: one that nothing satisfies, or whose branches meet.
  private static func grammar(_ schema: JSON) -> TokenGrammar? {
    let found = Result { () throws(SparrowError) in
      try TokenGrammar(.jsonSchema(schema), vocabulary: TestVocabulary.shared)
    }
    if case .failure(let error) = found {
      let combines = ["oneOf", "anyOf", "allOf"].contains { schema[$0] != nil }
      #expect(combines && [.unsupported, .argument].contains(error.kind))
    }
    return try? found.get()
  }

  @Test("branches that name no type: what comes out satisfies what was asked")
  func combinations() throws {
    var schemas = RandomSchema(random: SeededRandom(seed: 10))
    try expectTextsSatisfy((0..<300).map { _ in schemas.combination() }, 3, most: 60, seed: 11)
  }

  @Test("random texts satisfy their random schemas")
  func texts() throws {
    var schemas = RandomSchema(random: SeededRandom(seed: 3))
    try expectTextsSatisfy((0..<150).map { _ in schemas.document() }, 2, most: 300, seed: 4)
  }

  /// `tries` random texts of at most `most` tokens for each schema that is not refused.
  private func expectTextsSatisfy(
    _ schemas: [JSON], _ tries: Int, most: Int, seed: UInt64
  ) throws {
    var random = SeededRandom(seed: seed)
    var count = 0
    for schema in schemas {
      guard let grammar = Self.grammar(schema) else { continue }
      for _ in 0..<tries {
        guard let text = randomText(grammar, &random, most: most) else { continue }
        count += 1
        let isValid = try Validator(root: schema).isValid(try JSON.parse(text), schema)
        #expect(isValid, "\(schema.text()) \(String(decoding: text, as: UTF8.self))")
      }
    }
    #expect(count > 200)
  }

  @Test("masks of random schemas have the tokens whose bytes are accepted one by one")
  func masks() throws {
    var schemas = RandomSchema(random: SeededRandom(seed: 5))
    var random = SeededRandom(seed: 6)
    for _ in 0..<20 {
      guard let grammar = Self.grammar(schemas.document()) else { continue }
      expectMasksAreRight(grammar, &random, steps: 12)
    }
  }

  @Test("damaged schemas are refused or give grammars that can be walked")
  func damaged() {
    var schemas = RandomSchema(random: SeededRandom(seed: 7))
    var mutator = Mutator(seed: 8)
    var random = SeededRandom(seed: 9)
    let seeds = (0..<100).map { _ in schemas.document() }
    var taken = 0
    for index in 0..<800 {
      let donor = seeds[schemas.below(seeds.count)]
      var schema = schemas.damaged(seeds[index % seeds.count], with: donor)
      if index % 4 == 0 {
        guard let json = try? JSON.parse(mutator.mutate(Array(schema.text().utf8))) else {
          continue
        }
        schema = json
      }
      guard
        let grammar = try? TokenGrammar(.jsonSchema(schema), vocabulary: TestVocabulary.shared)
      else { continue }
      taken += 1
      _ = randomText(grammar, &random, most: 8)
    }
    #expect(taken > 100)
  }
}
