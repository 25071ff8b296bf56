import SparrowCore
import SparrowTestSupport
import Testing

@Suite struct JSONTests {
  @Test func readsEveryKindOfValue() throws {
    let text = #" {"a": [1, -2, 3.5, 1e3, -0], "b": {"c": null}, "d": true, "e": false, "f": "x"} "#
    let json = try JSON.parse(text)
    #expect(json["a"] == [1, -2, 3.5, 1_000, 0])
    #expect(json["a"]?.array?[3].int == 1_000)
    #expect(json["b"]?["c"]?.isNull == true)
    #expect(json["d"]?.bool == true)
    #expect(json["e"]?.bool == false)
    #expect(json["f"]?.string == "x")
    #expect(json["g"] == nil)
    #expect(try JSON.parse("9223372036854775807") == .integer(.max))
    #expect(try JSON.parse("9223372036854775808").double == 0x1p63)
    #expect(try JSON.parse("-9223372036854775808") == .integer(.min))
    #expect(try JSON.parse("999999999999999999") == 999_999_999_999_999_999)
    #expect(try JSON.parse("-99999999999999999") == -99_999_999_999_999_999)
    #expect(try JSON.parse("1000000000000000000") == 1_000_000_000_000_000_000)
    #expect(try JSON.parse("1.5").int == nil)
    #expect(try JSON.parse("[]") == [])
    #expect(try JSON.parse("{}") == [:])
  }

  @Test func readsEscapes() throws {
    let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\udc26é""#
    #expect(try JSON.parse(text).string == "\"\\/\u{8}\u{C}\n\r\tAé🐦é")
  }

  @Test func keepsOrderDuplicatesAndCanonicallyEquivalentKeys() throws {
    let json = try JSON.parse("{\"b\": 1, \"a\": 2, \"b\": 3, \"\u{E9}\": 4, \"e\u{301}\": 5}")
    #expect(json.members?.map(\.value) == [1, 2, 3, 4, 5])
    #expect(json["b"] == 3)
    #expect(json["e\u{301}"] == 5)
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,", "[1,]", "[,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}",
    "{1:2}", "{a:1}", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "+1", "-", ".5",
    "1.", "1.e3", "1e", "1e+", "01", "-01", "0x1", "1-2", "1e5.5", "--1", "1e999", "-1e999",
    "\"", "\"\\", "\"\\u12", "\"\\u12g4\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\t\"", "\"a\nb\"", "1 2", "{} {}", "[1 2]", "{\"a\" 1}", "\u{FEFF}{}", "'a'",
    "// c\n1", "\"\\u+123\"",
  ])
  func refusesWhatIsNoJSON(_ text: String) {
    let error = #expect(throws: SparrowError.self) { try JSON.parse(text, file: "f.json") }
    #expect(error?.kind == .malformed)
    #expect(error?.description.hasPrefix("f.json: byte ") == true)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    for bad: [UInt8] in [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ] {
      #expect(throws: SparrowError.self) { try JSON.parse([0x22] + bad + [0x22]) }
      #expect(throws: SparrowError.self) { try JSON.parse([0x22, 0x5C, 0x6E] + bad + [0x22]) }
    }
  }

  @Test func nestingHasABound() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON.parse(nested(127))
    for depth in [129, 1_000_000] {
      let error = #expect(throws: SparrowError.self) { try JSON.parse(nested(depth)) }
      #expect(error?.found == "nested too deeply")
    }
  }

  @Test func writesWhatItReads() throws {
    let json: JSON = [
      "a": [1, 2.5, -1e300, true, .null], "b": "q\"\\\n\u{1}é🐦", "c": [:], "d": [], "": 0,
    ]
    for indent in [nil, 2] { #expect(try JSON.parse(json.text(indent: indent)) == json) }
    #expect(JSON.number(.nan).text() == "null")
  }

  /// 20,000 damaged documents parse or throw, and what parses survives being written.
  @Test func damagedDocuments() throws {
    let sample = Array(
      (#"{"model_type": "llama", "eps": 1e-05, "s": {"f": 8.0, "t": "\u00e9\ud83d\udc26\n"}, "#
        + #""layers": [1, -2, 3.5, true, false, null, [], {}], "n": 12345678901}"#).utf8)
    var mutator = Mutator(seed: 11)
    var accepted = 0
    for _ in 0..<20_000 {
      let bytes = mutator.mutate(sample)
      guard let json = try? JSON.parse(bytes) else { continue }
      accepted += 1
      #expect(try JSON.parse(json.text()) == json)
    }
    #expect(accepted > 600)
    for count in 0..<sample.count {
      #expect(throws: SparrowError.self) { try JSON.parse(Array(sample[..<count])) }
    }
  }
}
