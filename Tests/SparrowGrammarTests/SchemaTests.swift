import SparrowCore
import SparrowGrammar
import Testing

/// Texts that schemas allow and do not allow.
struct SchemaTests {
  private func expect(_ schema: String, allows: [String], forbids: [String]) throws {
    let grammar = try TokenGrammar(
      .jsonSchema(try JSON.parse(schema)), vocabulary: TestVocabulary.shared)
    for text in allows { #expect(accepts(grammar, text), "\(schema) must allow \(text)") }
    for text in forbids { #expect(!accepts(grammar, text), "\(schema) must forbid \(text)") }
  }

  @Test("types, values and unions")
  func kinds() throws {
    try expect(
      #"{"type": ["integer", "null"]}"#, allows: ["0", "-12", "null"],
      forbids: ["1.5", "01", "true", "\"1\"", "-", ""])
    try expect(
      #"{"enum": ["a\"b", 1, [1, {"x": null}]]}"#,
      allows: [#""a\"b""#, "1", #"[1, {"x": null}]"#, #"[1,{"x":null}]"#], forbids: [#""a"#, "[1]"])
    try expect(
      #"{"type": "string", "enum": ["a", 1, "bc"], "maxLength": 1}"#, allows: [#""a""#],
      forbids: ["1", #""bc""#])
    try expect(#"{"const": "é"}"#, allows: [#""é""#], forbids: [#""e\u0301""#, "\"e\u{301}\""])
    try expect("true", allows: ["[1, {\"a\": \"b\"}]", "null"], forbids: ["nul", "[1"])
    try expect(
      #"{"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 2}]}"#,
      allows: ["7", #""ab""#, #""\n\u00e9""#], forbids: [#""abc""#, "7.5"])
  }

  @Test("numbers within bounds")
  func bounds() throws {
    try expect(
      #"{"type": "integer", "minimum": -5, "maximum": 120}"#,
      allows: ["-5", "0", "9", "10", "99", "100", "120"],
      forbids: ["-6", "121", "1.0", "200", "-10"])
    try expect(
      #"{"type": "integer", "exclusiveMinimum": 2.5, "exclusiveMaximum": 1000}"#,
      allows: ["3", "999"], forbids: ["2", "1000", "-3"])
    try expect(
      #"{"type": "number", "minimum": -0.25, "exclusiveMaximum": 1.5}"#,
      allows: ["-0.25", "-0.2", "0", "0.0", "1", "1.49", "1.4999"],
      forbids: ["-0.26", "-0.251", "-1", "1.5", "1.50", "2", "1.51", "1e0"])
    try expect(
      #"{"type": "integer", "multipleOf": 7, "minimum": 10}"#, allows: ["14", "700"],
      forbids: ["7", "15", "-14"])
    try expect(#"{"type": "number"}"#, allows: ["-0.5", "1e-9", "2E10"], forbids: ["1e999", "."])
    try expect(#"{"maximum": 1e3}"#, allows: ["1000", "-5"], forbids: ["1001", "\"a\""])
  }

  @Test("strings by length, expression and format")
  func strings() throws {
    try expect(
      #"{"type": "string", "minLength": 2, "maxLength": 3}"#,
      allows: [#""ab""#, #""日本語""#, #""\ud83d\ude00a""#, #""\"\\\/""#],
      forbids: [#""a""#, #""abcd""#, #""\ud83d\ude00""#])
    try expect(
      #"{"pattern": "^[a-c]+(x|yz){2}\\.$"}"#, allows: [#""abxyz.""#],
      forbids: [#""abx.""#, #""xx.""#])
    try expect(
      #"{"pattern": "b+", "maxLength": 3}"#, allows: [#""b""#, #""abc""#, #""\nb""#],
      forbids: [#""""#, #""abcd""#, #""aaa""#])
    try expect(
      #"{"pattern": "^\\d{3}-\\w\\S[^\\s\"]$"}"#, allows: [#""123-a!é""#, #""123-_\\\\""#],
      forbids: [#""12-a!x""#, #""123-a\"\"""#, #""123-a x""#])
    try expect(
      #"{"format": "date"}"#, allows: [#""2024-02-29""#, #""1999-12-31""#],
      forbids: [#""2023-02-29""#, #""1999-13-01""#, #""1900-02-29""#, #""99-1-1""#])
    try expect(
      #"{"format": "date-time"}"#,
      allows: [#""2024-01-01T00:00:00Z""#, #""2024-01-01T23:59:59.5+01:00""#],
      forbids: [#""2024-01-01 00:00:00Z""#, #""2024-01-01T24:00:00Z""#])
    try expect(
      #"{"format": "ipv4"}"#, allows: [#""255.0.10.1""#], forbids: [#""256.0.0.1""#, #""1.2.3""#])
    try expect(
      #"{"format": "uuid"}"#, allows: [#""00000000-0000-4000-8000-00000000000f""#],
      forbids: [#""0""#])
    try expect(
      #"{"format": "email"}"#, allows: [#""a.b@c.de""#], forbids: [#""a@b""#, #""@c.de""#])
  }

  @Test("arrays by their items")
  func arrays() throws {
    try expect(
      #"{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}"#,
      allows: ["[1]", "[1, 2,3]"], forbids: ["[]", "[1,2,3,4]", "[1,]", "[ 1]", "[true]"])
    try expect(
      #"{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "null"}}"#,
      allows: ["[]", "[1]", #"[1,"a"]"#, #"[1,"a",null,null]"#], forbids: [#"["a"]"#, "[1,null]"])
    try expect(
      #"{"prefixItems": [{"type": "integer"}], "items": false, "minItems": 1}"#, allows: ["[1]"],
      forbids: ["[]", "[1,1]"])
  }

  @Test("objects by their properties")
  func objects() throws {
    let person = """
      {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"},
      "x": {"type": "null"}}, "required": ["name"], "additionalProperties": false}
      """
    try expect(
      person, allows: [#"{"name": "A"}"#, #"{"name":"A", "age":3}"#, #"{"name":"A","x":null}"#],
      forbids: ["{}", #"{"age": 3}"#, #"{"name":"A","z":1}"#, #"{"name":"A",}"#])
    try expect(
      """
      {"properties": {"a": true, "b": {"const": 1}}, "additionalProperties": {"type": "integer"}}
      """,
      allows: ["{}", #"{"b":1}"#, #"{"a":null,"c":2,"ab":3}"#, #"{"c":2}"#],
      forbids: [#"{"c":2,"a":1}"#, #"{"c":"x"}"#, #"{"\u0061": 1}"#, #"{"b": 1,"b":2}"#])
    try expect(
      #"{"type": "object", "required": ["k"], "additionalProperties": {"type": "boolean"}}"#,
      allows: [#"{"k":true}"#, #"{"k":true,"l":false}"#], forbids: ["{}", #"{"l":true}"#])
    try expect(#"{"type": "object"}"#, allows: ["{}", #"{"a":[1]}"#], forbids: ["[]"])
  }

  @Test("references, recursion and combinations")
  func combinations() throws {
    let tree = """
      {"$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer"},
      "sub/s": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v"]}},
      "$ref": "#/$defs/tree"}
      """
    try expect(
      tree, allows: [#"{"v": 1, "sub/s": [{"v": 2}, {"v":3,"sub/s":[]}]}"#],
      forbids: [#"{"sub/s": []}"#, #"{"v":1,"sub/s":[{}]}"#])
    try expect(
      ##"{"properties": {"a/~b": {"minimum": 3}}, "items": {"$ref": "#/properties/a~1~0b"}}"##,
      allows: [#"{"a/~b":4}"#, "[3, 5]"], forbids: ["[2]"])
    try expect(
      """
      {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]},
      {"properties": {"a": {"minimum": 5}, "b": {"type": "null"}}}], "type": "object"}
      """, allows: [#"{"a":5}"#, #"{"a":6,"b":null}"#], forbids: [#"{"a":4}"#, "{}", #"{"a":"x"}"#])
    try expect(
      """
      {"oneOf": [{"properties": {"kind": {"const": "a"}, "x": {"type": "integer"}},
      "required": ["kind", "x"]}, {"properties": {"kind": {"enum": ["b", "c"]}, "y": true},
      "required": ["kind"]}]}
      """, allows: [#"{"kind":"a","x":1}"#, #"{"kind":"c"}"#, #"{"kind":"b","y":[]}"#],
      forbids: [#"{"kind":"a"}"#, #"{"kind":"b","x":1}"#, #"{"kind":"d"}"#])
    // A branch without an end is left out.
    try expect(
      """
      {"anyOf": [{"type": "null"}, {"properties": {"a": {"$ref": "#/$defs/x"}}, "required": ["a"]}],
      "$defs": {"x": {"type": "array", "items": {"$ref": "#/$defs/x"}, "minItems": 1}}}
      """,
      allows: ["null"], forbids: ["{", "{\"a\":[["])
  }

  @Test(
    "what is not known is refused by its pointer",
    arguments: [
      (#"{"properties": {"a": {"not": {}}}}"#, "#/properties/a/not", "unsupported"),
      (#"{"$ref": "http://x/y"}"#, "#/$ref", "unsupported"),
      (##"{"$ref": "#/$defs/none"}"##, "#/$ref", "malformed"),
      (##"{"$ref": "#"}"##, "#", "unsupported"),
      (#"{"items": {"pattern": "(?=a)"}}"#, "#/items/pattern", "unsupported"),
      (#"{"pattern": "(a"}"#, "#/pattern", "malformed"),
      (#"{"pattern": "a{3}{3}"}"#, "#/pattern", "malformed"),
      (#"{"pattern": "(a{5000}){5000}"}"#, "#/pattern", "unsupported"),
      (#"{"uniqueItems": true}"#, "#/uniqueItems", "unsupported"),
      (#"{"multipleOf": 0.5}"#, "#/multipleOf", "unsupported"),
      (#"{"type": "text"}"#, "#/type", "malformed"),
      (#"{"type": "object", "properties": []}"#, "#/properties", "malformed"),
      (#"{"minLength": -1}"#, "#/minLength", "malformed"),
      (#"{"oneOf": [{"type": "integer"}, {"minimum": 3}]}"#, "#/oneOf", "unsupported"),
      (#"{"oneOf": [{"minimum": 5}, {"maxLength": 3}]}"#, "#/oneOf", "unsupported"),
      (#"{"oneOf": [{"enum": ["x"]}, {"minimum": 5}]}"#, "#/oneOf", "unsupported"),
      (#"{"minProperties": 3}"#, "#/minProperties", "unsupported"),
      (#"[]"#, "#", "malformed"),
      (#"false"#, "#", "argument"),
      (#"{"type": "integer", "minimum": 3, "maximum": 2}"#, "#", "argument"),
      (#"{"pattern": "^abc$", "maxLength": 2}"#, "#", "argument"),
    ])
  func refusals(schema: String, pointer: String, kind: String) throws {
    let schema = try JSON.parse(schema)
    do throws(SparrowError) {
      _ = try TokenGrammar(.jsonSchema(schema), vocabulary: TestVocabulary.shared)
      Issue.record("\(schema) was taken")
    } catch {
      #expect(error.field == pointer && error.kind.rawValue == kind, "\(error.kind) \(error)")
    }
  }

  @Test("annotations and words that nobody knows change nothing")
  func annotations() throws {
    try expect(
      #"{"title": "t", "description": "d", "default": 3, "examples": [1], "x-own": true, "#
        + #""$schema": "https://json-schema.org/draft/2020-12/schema", "type": "null", "#
        + #""format": "own", "uniqueItems": false, "deprecated": true}"#,
      allows: ["null"], forbids: ["3"])
  }
}
