import SparrowCore
import SparrowTestSupport
import Testing

@testable import sparrow_cli

@Suite struct CalibrationTextTests {
  @Test func joinsTextsAndLines() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.txt", "one\n{\"text\": \"as it is\"}")
    try folder.write("b.jsonl", "{\"text\": \"two\", \"id\": 1}\n\n{\"text\": \"thr\\u00e9e\"}\r\n")
    let text = try CalibrationText.read([folder.file("a.txt"), folder.file("b.jsonl")])
    #expect(text == "one\n{\"text\": \"as it is\"}\n\ntwo\n\nthrée")
  }

  @Test(arguments: ["{\"text\": 1}", "[]", "{\"words\": \"x\"}"])
  func namesTheLine(line: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("b.jsonl", "{\"text\": \"fine\"}\n" + line + "\n")
    let error = #expect(throws: SparrowError.self) {
      _ = try CalibrationText.read([folder.file("b.jsonl")])
    }
    #expect(error?.kind == .malformed && error?.field == "line 2")
  }
}
