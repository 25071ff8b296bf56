import SparrowCore
import Testing

@testable import SparrowGrammar

/// Schemas whose work would multiply are refused by it, and small neighbours of them are not.
struct SchemaLimitTests {
  private func compile(_ schema: String) throws {
    _ = try TokenGrammar(
      .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared)
  }

  private func expectRefusal(_ schema: String) {
    #expect { try compile(schema) } throws: { error in
      (error as? SparrowError)?.kind == .unsupported
    }
  }

  private func list(_ part: String, _ count: Int) -> String {
    "[" + Array(repeating: part, count: count).joined(separator: ",") + "]"
  }

  @Test("references that double, onto nothing too")
  func doublingReferences() throws {
    func schema(_ depth: Int, onto last: String) -> String {
      let parts = (0..<depth).map {
        ##""a\##($0)": {"allOf": [{"$ref": "#/$defs/a\##($0 + 1)"}, "##
          + ##"{"$ref": "#/$defs/a\##($0 + 1)"}]}, "##
      }
      let chosen = ##"{"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a0"}], "$defs": {"##
      return chosen + parts.joined() + #""a\#(depth)": \#(last)}}"#
    }
    for last in ["false", #"{"maxLength": 3}"#] {
      try compile(schema(4, onto: last))
      expectRefusal(schema(45, onto: last))
    }
  }

  @Test(
    "many parts that are kept",
    arguments: [
      #"{"items": true}"#, #"{"pattern": "a"}"#, #"{"multipleOf": 1}"#,
      #"{"additionalProperties": {}}"#, #"{"properties": {"a": {}}}"#,
      #"{"prefixItems": [{}]}"#,
    ])
  func manyParts(part: String) throws {
    try compile(#"{"allOf": \#(list(part, 10))}"#)
    expectRefusal(#"{"allOf": \#(list(part, 3000))}"#)
  }

  @Test("schemas of all items beside many that have their own")
  func itemsBesideItems() {
    expectRefusal(
      #"{"allOf": [{"prefixItems": \#(list("{}", 900))}, {"allOf": "#
        + #"\#(list(#"{"items": {}}"#, 900))}]}"#)
  }

  @Test("branches that nothing satisfies cost nothing, those that meet are compared")
  func manyBranches() {
    let error = #expect(throws: SparrowError.self) {
      try compile(#"{"oneOf": \#(list("false", 3000))}"#)
    }
    #expect(error?.kind == .argument)
    expectRefusal(#"{"oneOf": \#(list(#"{"maxLength": 3}"#, 3000))}"#)
  }

  @Test("given values are counted, and what lies in them")
  func largeValues() throws {
    try compile(#"{"const": \#(list("1", 10_000))}"#)
    expectRefusal(#"{"const": \#(list("1", 60_000))}"#)
    expectRefusal(#"{"enum": [null, \#(list(list("[2]", 300), 100))]}"#)
    var nested = list("1", 2000)
    for _ in 0..<60 { nested = "[\(nested)]" }
    expectRefusal(#"{"const": \#(nested)}"#)
    expectRefusal(#"{"type": "null", "examples": \#(list("1", 100_000))}"#)
    expectRefusal(#"{"const": "\#(String(repeating: "x", count: 4_000_000))"}"#)
  }

  @Test("one enumeration may be used in many places")
  func sharedEnumerations() throws {
    let values = (0..<1000).map { "\($0)" }.joined(separator: ",")
    let properties = (0..<300).map { ##""p\##($0)": {"$ref": "#/$defs/e"}"## }
    try compile(
      #"{"properties": {\#(properties.joined(separator: ","))}, "$defs": {"e": {"enum": "#
        + "[\(values)]}}}")
  }

  @Test("properties whose names Swift takes for equal have schemas of their own")
  func canonicallyEqualNames() throws {
    let schema = """
      {"properties": {"\u{E9}": {"type": "integer"}, "e\u{301}": {"type": "null"}},
      "required": ["\u{E9}", "e\u{301}"]}
      """
    let grammar = TextGrammar.jsonSchema(try JSON.parse(schema))
    #expect(try accepts(grammar, "{\"\u{E9}\":1,\"e\u{301}\":null}"))
    #expect(try !accepts(grammar, "{\"\u{E9}\":1,\"e\u{301}\":1}"))
  }
}
