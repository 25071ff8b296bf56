import Sparrow
import Testing

@testable import SparrowServer

@Suite struct FieldTests {
  private func fields(_ body: String) throws -> RequestFields {
    try RequestFields(body: Array(body.utf8))
  }

  @Test func fieldsAreReadByTypeAndRange() throws {
    let fields = try fields(#"{"a": 3, "b": 2.0, "c": null, "d": {"e": true}, "f": "x"}"#)
    #expect(try fields.int("a", in: 0...3) == 3)
    #expect(try fields.int("b", in: 0...3) == 2)
    #expect(try fields.int("c", in: 0...3) == nil)
    #expect(try fields.object("d")?.bool("e") == true)
    #expect(try fields.texts("f", most: 2) == ["x"])
  }

  @Test func aWrongFieldIsRefusedByItsPath() throws {
    let fields = try fields(#"{"a": 4, "d": {"e": 1}, "s": [1]}"#)
    func parameter(_ read: () throws -> Void) -> String? {
      #expect(throws: APIError.self, performing: read)?.parameter
    }
    #expect(parameter { _ = try fields.int("a", in: 0...3) } == "a")
    #expect(parameter { _ = try fields.object("d")?.bool("e") } == "d.e")
    #expect(parameter { _ = try fields.texts("s", most: 2) } == "s")
    #expect(parameter { _ = try fields.word("a", PlanChoice.self) } == "a")
  }

  @Test(arguments: ["", "[]", "{", "3", #"{"a": 1e999}"#, "{\"a\": \"\u{1}\"}"])
  func whatIsNoObjectIsRefused(_ body: String) {
    let error = #expect(throws: APIError.self) { try fields(body) }
    #expect(error?.status == 400 && error?.code == "invalid_json")
  }

  @Test func errorsNameNoFiles() {
    let error = APIError(
      SparrowError(.argument, file: "/secret/m.gguf", field: "top-p", found: "2", expected: "1"))
    #expect(error.message == "top_p: 2; expected 1" && error.parameter == "top_p")
  }

  @Test func textIsEscapedAsJSONWants() throws {
    var json = JSONBytes()
    let text = "a\"\\\n\r\t\u{0}\u{1f}é雀\u{2028}"
    json.string(text)
    #expect(try JSON.parse(json.bytes) == .string(text))
  }

  @Test func logProbabilitiesKeepTheirBits() throws {
    for value in [-0.1, -12.345678, 0, -3.4e-5] as [Float] {
      let told = try JSON.parse(JSON.logProbability(value).text())
      #expect(Float(told.double!) == value)
    }
    #expect(JSON.logProbability(-.infinity) == -9999)
  }
}
