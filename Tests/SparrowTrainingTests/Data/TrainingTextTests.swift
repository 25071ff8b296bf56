import SparrowCore
import SparrowTemplates
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import SparrowTraining

@Suite struct TrainingTextTests {
  private func documents(_ paths: [String], tasks: [String] = []) throws -> [TrainingDocument] {
    var documents: [TrainingDocument] = []
    try TrainingText(paths, tasks: tasks).forEachDocument { document, _ throws(SparrowError) in
      documents.append(document)
    }
    return documents
  }

  @Test func plainTextIsADocument() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.txt", "\u{FEFF}one\r\ntwo")
    #expect(
      try documents([path]) == [.init(content: .text("one\r\ntwo"), file: path, line: 1)])
  }

  @Test func longTextIsCutBehindBlankLinesAndNothingIsLost() throws {
    let folder = try TemporaryFolder()
    let paragraphs = (0..<3000).map { "paragraph \($0) of a long text\nwith two lines, é\n\n" }
    let texts = [
      paragraphs.joined(), String(repeating: "a line without an empty one\n", count: 9000),
      String(repeating: "é", count: 100_001),
    ]
    for (index, text) in texts.enumerated() {
      let found = try documents([folder.write("a\(index)", text)])
      #expect((2...6).contains(found.count))
      var joined = ""
      for document in found {
        guard case .text(let piece) = document.content else { continue }
        #expect(piece.utf8.count <= 1 << 16)
        #expect(document.line == joined.count { $0 == "\n" } + 1)
        joined += piece
        if index == 0 { #expect(joined.hasSuffix("\n\n")) }
      }
      #expect(joined == text)
    }
  }

  @Test func everyKindOfLineIsRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.jsonl",
      """
      {"text": "plain", "id": 3}

      {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
      {"prompt": "2 + 2", "completion": "4"}\r
      """)
    let found = try documents([path])
    #expect(found.map(\.line) == [1, 3, 4])
    #expect(
      found.map(\.content) == [
        .text("plain"), .conversation([.user("q"), .assistant("a")]),
        .conversation([.user("2 + 2"), .assistant("4")]),
      ])
  }

  @Test func tasksGiveTheirRightTexts() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("a.txt", "plain")
    let tasks = try folder.write(
      "t.jsonl",
      """
      {"prompt": "a", "choices": [" b", " c"], "answer": 1}

      {"prompt": "d", "answers": [" e", " f"], "after": "#"}
      {"prompt": "g", "references": [" h", " i"]}
      {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
      """)
    let found = try documents([text], tasks: [tasks])
    #expect(found.map(\.line) == [1, 1, 3, 4, 4, 5])
    #expect(found.map(\.isWhole) == [false] + Array(repeating: true, count: 5))
    #expect(
      found.map(\.content) == [
        .text("plain"), .answer(" c", to: "a"), .answer(" e", to: "d"), .answer(" h", to: "g"),
        .answer(" i", to: "g"), .conversation([.user("q"), .assistant("a")]),
      ])
    try folder.write("t.jsonl", "{\"prompt\": \"a\"}")
    let error = #expect(throws: SparrowError.self) { try documents([], tasks: [tasks]) }
    #expect(error?.file == tasks && error?.field == "line 1: choices")
  }

  @Test func foldersGiveTheirTextsInOrder() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.file("b"))
    for name in ["b/2.txt", "a.txt", ".hidden.txt", "c.jsonl", "picture.png"] {
      try folder.write(name, "{\"text\": \"x\"}")
    }
    let text = try TrainingText([folder.path])
    #expect(text.files == ["a.txt", "b/2.txt", "c.jsonl"].map(folder.file))
    #expect(text.byteCount == 39)
  }

  @Test(arguments: [
    ("a.txt", "", "an empty file"), ("a.jsonl", "", "an empty file"), ("a.txt", " \n\n", "no text"),
    ("a.jsonl", "\n \n", "no text"),
    ("a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"", "line 2: byte 12"),
    ("a.jsonl", "{\"text\": \"a\"}\nplain\n", "line 2: byte 0"),
    ("a.jsonl", "\n{\"body\": \"a\"}\n", "line 2: {\"body\":\"a\"}"),
    ("a.jsonl", "{\"text\": 3}\n", "line 1: text: 3; expected a text"),
    ("a.jsonl", "{\"prompt\": \"a\"}\n", "line 1: completion: nothing"),
    ("a.jsonl", "{\"completion\": \"a\"}\n", "line 1: prompt: nothing"),
    ("a.jsonl", "{\"messages\": []}\n", "line 1: messages: []"),
    ("a.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "line 1: messages"),
    ("a.jsonl", "{\"messages\": [{\"role\": \"assistant\"}]}", "line 1: messages"),
    ("a.jsonl", "[1]\n", "line 1: [1]; expected an object"),
  ])
  func badFilesAreNamedWithTheirLine(name: String, content: String, message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(name, content)
    let error = #expect(throws: SparrowError.self) { try documents([path]) }
    #expect(error?.kind == .malformed && error?.file == path)
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test(arguments: ["a.txt", "a.jsonl"])
  func invalidUTF8IsNamedWithItsLine(name: String) throws {
    let folder = try TemporaryFolder()
    var bytes = Array("{\"text\": \"one\"}\n{\"text\": \"two \u{E9}\"}\n{\"text\": \"three\"}".utf8)
    bytes.remove(at: bytes.firstIndex(of: 0xC3)! + 1)
    let path = try folder.write(name, bytes)
    let error = #expect(throws: SparrowError.self) { try documents([path]) }
    #expect(error?.kind == .malformed && error?.field.hasPrefix("line 2") == true)
    #expect(error?.found == "bytes that are not UTF-8")
  }

  @Test func missingFilesAndFoldersWithoutTextAreRefused() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SparrowError.self) { try TrainingText([folder.file("none.txt")]) }
    #expect(throws: SparrowError.self) { try TrainingText([folder.path]) }
    #expect(throws: SparrowError.self) { try TrainingText([]) }
  }

  /// Whatever happens to a file, it is read or refused with its name and a line.
  @Test func damagedLinesNeverTrap() throws {
    let folder = try TemporaryFolder()
    let seed = Array(
      """
      {"text": "caf\u{E9} \\u00e9 \\ud83d\\ude00", "id": 1.5e3}
      {"messages": [{"role": "system", "content": ""}, {"role": "assistant", "content": "a"}]}
      {"prompt": "p", "completion": "c", "more": [null, true, {"a": []}]}

      """.utf8)
    let donors = ["{\"text\"", "\\u", "\n\n", "\u{FEFF}", "[[[[", "\"messages\": [3"].map {
      Array($0.utf8)
    }
    var mutator = Mutator(seed: 11)
    var (read, refused) = (0, 0)
    for _ in 0..<600 {
      let path = try folder.write("a.jsonl", mutator.mutate(seed, donors: donors))
      do {
        _ = try documents([path])
        read += 1
      } catch let error as SparrowError {
        #expect(error.kind == .malformed && error.file == path)
        let isWhole = ["an empty file", "no text"].contains(error.found)
        #expect(isWhole || error.field.hasPrefix("line "), "\(error)")
        refused += 1
      }
    }
    #expect(read > 20 && refused > 20, "\(read) read, \(refused) refused")
  }
}
