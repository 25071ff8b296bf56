import SparrowCore
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import SparrowTraining

@Suite struct TrainingDataTests {
  private let folder: TemporaryFolder
  private let paths: [String]

  init() throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    paths = try (0..<2).map { file in
      let lines = (0..<25).map { "{\"text\": \"document \($0) of file \(file)\"}\n" }
      return try folder.write("\(file).jsonl", lines.joined())
    }
  }

  private func prepare(
    heldOut: Double = 0, progress: Progress = .none
  ) throws -> TrainingData {
    try TrainingData(
      TrainingText(paths), tokenizer: TrainingTokenizer.make(), heldOut: heldOut,
      cache: folder.file("cache"), progress: progress)
  }

  private func cached() -> [String] { Files.names(in: folder.file("cache")) }

  @Test func tokensAreThoseOfTheDocumentsInOrder() throws {
    let store = try prepare().training
    let tokenizer = try TrainingTokenizer.make()
    var expected: [Int32] = []
    for file in 0..<2 {
      for line in 0..<25 { expected += tokenizer.encode("document \(line) of file \(file)") + [0] }
    }
    #expect(try (0..<store.count).map { try store.token(at: $0).id } == expected)
    #expect(store.documents == 50 && store.learnt == expected.count - 50)
  }

  /// Whatever the length of rows, what is learnt of a task follows its prompt in the same row.
  @Test(arguments: [12, 16, 40]) func tasksAreNotCut(length: Int) throws {
    let lines = (0..<30).map { "{\"prompt\": \"task \($0)\", \"answers\": [\" is \($0 * 7)\"]}\n" }
    let tasks = try folder.write("tasks.jsonl", lines.joined())
    let tokenizer = try TrainingTokenizer.make()
    let data = try TrainingData(
      TrainingText(paths, tasks: [tasks]), tokenizer: tokenizer, cache: folder.file("cache"),
      rowLength: length)
    let rows = try TokenRows(data.training, length: length)
    var answers = Set<String>()
    for row in 0..<rows.count {
      let batch = try rows.batch([row])
      for place in 0..<length where batch.mask[place] {
        let start = Int(batch.starts[place])
        let text = tokenizer.decode(Array(batch.tokens[start...place + 1]))
        if text.hasPrefix("task"), text.hasSuffix("<|end|>") { answers.insert(text) }
        #expect(!text.contains(" is ") || text.hasPrefix("task"))
      }
    }
    #expect(answers.count == 30)
    #expect(data.training.documents == 80)
  }

  @Test func aTaskThatIsLongerThanARowKeepsItsEnd() throws {
    let tasks = try folder.write(
      "tasks.jsonl", "{\"prompt\": \"one two three four five\", \"answers\": [\" six\"]}\n")
    let tokenizer = try TrainingTokenizer.make()
    let data = try TrainingData(
      TrainingText([], tasks: [tasks]), tokenizer: tokenizer, cache: folder.file("cache"),
      rowLength: 4)
    let batch = try TokenRows(data.training, length: 4).batch([0])
    #expect(batch.tokens == (tokenizer.encode("one two three four five six") + [0]).suffix(5))
    #expect(batch.mask.last == true && data.training.count == 5)
  }

  @Test func anAnswerThatIsLongerThanARowIsNotLearntFromAnotherText() throws {
    let tasks = try folder.write(
      "tasks.jsonl",
      """
      {"prompt": "one", "answers": [" two"]}
      {"prompt": "one", "answers": [" two three four five six seven"]}

      """)
    let data = try TrainingData(
      TrainingText([], tasks: [tasks]), tokenizer: TrainingTokenizer.make(),
      cache: folder.file("cache"), rowLength: 4)
    let tokens = try (0..<data.training.count).map { try data.training.token(at: $0) }
    // What is kept of the second begins a document, and its first token is never learnt.
    #expect(tokens.count { $0.startsDocument } >= 2)
    #expect(tokens.allSatisfy { !($0.startsDocument && $0.isLearnt) })
    #expect(data.training.documents == 2)
  }

  @Test func whatWasEncodedIsEncodedOnce() throws {
    var told = 0
    let counting = Progress { report in
      #expect(report.count!.done <= report.count!.total!)
      told += 1
      return true
    }
    _ = try prepare(progress: counting)
    #expect(told == 50 && cached().count == 1)
    _ = try prepare(progress: counting)
    #expect(told == 50)
    _ = try prepare(heldOut: 0.1, progress: counting)
    #expect(told == 100 && cached().count == 3)
    try folder.write("1.jsonl", "{\"text\": \"other\"}\n")
    _ = try prepare(progress: counting)
    #expect(told == 126)
  }

  @Test func damagedFilesAreMadeAnewOrRefused() throws {
    let store = try prepare().training
    let bytes = try contents(of: store.path)
    let name = "cache/" + cached()[0]
    for damaged in [[], Array(bytes.dropLast(3)), [0] + bytes.dropFirst()] {
      try folder.write(name, damaged)
      #expect(try prepare().training.count == store.count)
      #expect(try folder.read(name) == bytes)
    }
    var damaged = bytes
    damaged[TokenStore.headerBytes + 2] = 0xFF
    try folder.write(name, damaged)
    let error = #expect(throws: SparrowError.self) {
      try TokenRows(prepare().training, length: 8).batch([0])
    }
    #expect(error?.kind == .malformed && error?.field == "token 0")
  }

  @Test(arguments: [(0.5, 25), (0.1, 5), (0.01, 1), (0.03, 2)])
  func wholeDocumentsAreHeldOutEvenly(part: Double, count: Int) throws {
    let data = try prepare(heldOut: part)
    let heldOut = try #require(data.heldOut)
    #expect(heldOut.documents == count && data.training.documents == 50 - count)
    #expect(try prepare().training.count == heldOut.count + data.training.count)
    #expect(try heldOut.token(at: 0).startsDocument && data.training.token(at: 0).startsDocument)
  }

  @Test func aPartThatCannotBeHeldOutIsRefused() throws {
    let single = try folder.write("single.txt", "one document")
    let tokenizer = try TrainingTokenizer.make()
    for part in [0.1, -0.1, 0.6, .nan] {
      let error = #expect(throws: SparrowError.self) {
        try TrainingData(
          TrainingText([single]), tokenizer: tokenizer, heldOut: part, cache: folder.file("cache"))
      }
      #expect(error?.kind == .argument)
    }
    #expect(cached().isEmpty)
  }

  @Test func stoppingAndBadTextLeaveNothing() throws {
    let stop = #expect(throws: SparrowError.self) {
      try prepare(progress: Progress { $0.count!.done <= 100 })
    }
    #expect(stop?.kind == .cancelled)
    try folder.write("1.jsonl", "{\"text\": \"fine\"}\nnot\n")
    #expect(throws: SparrowError.self) { try prepare() }
    #expect(cached().isEmpty)
  }
}
