import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub
@testable import sparrow_cli

struct HistoryFileTests {
  @Test("entries come back with their lines, from a file for its owner alone")
  func keeps() throws {
    let folder = try TemporaryFolder()
    let file = HistoryFile(path: folder.path + "/new/history")
    #expect(file.read().isEmpty)
    for entry in ["one", "two\nlines \"quoted\"", "drei 界"] { file.append(entry) }
    #expect(file.read() == ["one", "two\nlines \"quoted\"", "drei 界"])
    #expect(try mode(file.path) == "600")
  }

  @Test("the file is bounded, and lines that are none are left out")
  func bounded() throws {
    let folder = try TemporaryFolder()
    let file = HistoryFile(path: folder.path + "/history")
    let lines = (0..<2500).map { "\"\($0)\"\n" }.joined()
    try Files.write(Array(("broken\n" + lines).utf8), to: file.path)
    let entries = file.read()
    #expect(entries.count == InputHistory.limit && entries.last == "2499")
    let kept = try Files.read(file.path)
    #expect(kept.count { $0 == UInt8(ascii: "\n") } == InputHistory.limit)
    #expect(try mode(file.path) == "600")
    #expect(file.read() == entries)
  }

  private func mode(_ path: String) throws -> String {
    let outcome = try Subprocess(
      arguments: ["ls", "-l", path], environment: processEnvironment()
    ).run()
    return outcome.outputText.hasPrefix("-rw-------") ? "600" : outcome.outputText
  }
}
