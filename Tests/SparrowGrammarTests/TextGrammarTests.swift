import SparrowCore
import SparrowGrammar
import Testing

/// What grammars that are no schemas allow.
struct TextGrammarTests {
  @Test(
    "any JSON object, and nothing else",
    arguments: [
      (#"{}"#, true), (#"{"a": 1}"#, true), (#"{"a":[1, true, null],"b":{"c":-0.5e-3}}"#, true),
      (#"{"é\u00e9\ud83d\ude00": "\n"}"#, true), (#"[]"#, false), (#"{"a" : 1}"#, false),
      (#"{"a":  1}"#, false), (#"{"a": 01}"#, false), (#"{"a": 1"#, false), (#"{}}"#, false),
      (#"{"a": "\ud83d"}"#, false), (#"{"a": "\ude00"}"#, false), ("{\"a\": \"\n\"}", false),
      (#"{"a": .5}"#, false), (#"{"a": 1,}"#, false), (#"{,}"#, false), (#"{a: 1}"#, false),
    ])
  func objects(text: String, isValid: Bool) throws {
    #expect(try accepts(.jsonObject, text) == isValid)
  }

  @Test("random texts of JSON objects parse")
  func randomObjects() throws {
    let grammar = try TokenGrammar(.jsonObject, vocabulary: TestVocabulary.shared)
    var random = SeededRandom(seed: 1)
    for _ in 0..<300 {
      let text = try #require(randomText(grammar, &random))
      #expect(try JSON.parse(text).members != nil)
    }
  }

  @Test("literals, sequences, choices and repeats")
  func parts() throws {
    let grammar = TextGrammar.sequence([
      .choice([.literal("one"), .literal("only")]),
      .repeated(.literal("<a>"), least: 1, most: 2), .literal("!"),
    ])
    #expect(try accepts(grammar, "one<a>!"))
    #expect(try accepts(grammar, "only<a><a>!"))
    #expect(try !accepts(grammar, "on<a>!"))
    #expect(try !accepts(grammar, "one!"))
    #expect(try !accepts(grammar, "one<a><a><a>!"))
  }

  @Test("free text goes on with its grammar after the marker, and only then")
  func markers() throws {
    let grammar = TextGrammar.text(
      until: "<tool>", then: .sequence([.jsonObject, .literal("</tool>")]))
    #expect(try accepts(grammar, ""))
    #expect(try accepts(grammar, "Paris <b> is\nnice <too"))
    #expect(try accepts(grammar, "So: <<tool>{}</tool>"))
    #expect(try !accepts(grammar, "<tool>"))
    #expect(try !accepts(grammar, "<tool>x"))
    #expect(try !accepts(grammar, "<tool>{}</tool>."))
  }

  @Test("a mask has the tokens whose bytes are accepted one by one")
  func masks() throws {
    let grammars: [TextGrammar] = [
      .jsonObject, .text(until: "<tool_call>\n", then: .jsonObject),
      .sequence([.jsonObject, .choice([.literal("\n"), .literal("\n\n")]), .jsonObject]),
    ]
    var random = SeededRandom(seed: 2)
    for grammar in try grammars.map({ try TokenGrammar($0, vocabulary: TestVocabulary.shared) }) {
      for _ in 0..<10 { expectMasksAreRight(grammar, &random) }
    }
  }

  @Test("control tokens and tokens without bytes are never allowed")
  func controlTokens() throws {
    let free = TextGrammar.text(until: "<tool>", then: .jsonObject)
    var constraint = try TokenGrammar(free, vocabulary: TestVocabulary.shared).constraint()
    let mask = constraint.allowed()
    for token: Int32 in [0, 1, 2, -1, 100_000] {
      #expect(!mask.contains(token))
      let isAccepted = constraint.accept(token)
      #expect(!isAccepted)
    }
    #expect(mask.count > 300)
  }
}
