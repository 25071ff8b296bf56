#if Training
  import Sparrow
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTokenizers
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct SamplingRunTests {
      private let folder: TemporaryFolder
      private var options = SamplingRun.Options()

      init() throws {
        TensorDevice.setCompiling(false)
        folder = try TemporaryFolder()
        options.tokens = 100
        options.rows = 3
        options.length = 16
        options.output = folder.file("samples.jsonl")
      }

      private func run(
        _ options: SamplingRun.Options,
        progress: Progress = .none
      ) throws -> (documents: Int, tokens: Int) {
        let run = try SamplingRun(model: Fixtures.path("models/smollm2"), options: options)
        return try run.run(progress: progress)
      }

      @Test func writesDocumentsThatTrainingReads() throws {
        var told: [Int] = []
        let result = try run(
          options,
          progress: Progress { report in
            told += [report.count!.done, report.count!.total!]
            return true
          })
        // Three batches of three rows of 15 tokens are the first to reach 100.
        #expect(result.tokens == 135 && told == [45, 135, 90, 135, 135, 135])
        var documents = 0
        try TrainingText([options.output]).forEachDocument { document, _ in
          documents += 1
          if case .text(let text) = document.content { #expect(!text.isEmpty) }
        }
        #expect(documents == result.documents && documents >= 9)
      }

      @Test func theSameSeedGivesTheSameText() throws {
        var other = options
        other.output = folder.file("other.jsonl")
        let first = try run(options)
        #expect(try run(other) == first)
        let text = try Files.read(options.output)
        #expect(try Files.read(other.output) == text)
        other.seed = 1
        other.output = folder.file("third.jsonl")
        _ = try run(other)
        #expect(try Files.read(other.output) != text)
      }

      @Test func rowsBeginWithTheOpenings() throws {
        var begun = options
        let path = folder.file("openings.jsonl")
        try Files.write(
          Array(#"{"text": "The cat sat"}\#n{"text": "Once upon a time"}"#.utf8), to: path)
        begun.openings = try TrainingText([path])
        begun.openingLength = 2
        begun.output = folder.file("begun.jsonl")
        _ = try run(begun)
        let lines = String(decoding: try Files.read(begun.output), as: UTF8.self)
        let tokenizer = try Checkpoint.open(Fixtures.path("models/smollm2")).tokenizer()
        for start in ["The cat sat", "Once upon a time"] {
          let ids = tokenizer.encode(start, addSpecial: false, parseSpecial: false).prefix(2)
          let wanted = #"{"text":""# + tokenizer.decode(Array(ids), skipSpecial: true)
          #expect(lines.split(separator: "\n").count { $0.hasPrefix(wanted) } >= 4)
        }
      }

      @Test func conversationsOpenNothing() throws {
        var wrong = options
        let path = folder.file("chats.jsonl")
        let turns = [("user", "a"), ("assistant", "b")].map {
          #"{"role": "\#($0)", "content": "\#($1)"}"#
        }
        let chat = #"{"messages": [\#(turns.joined(separator: ", "))]}"#
        try Files.write(Array(chat.utf8), to: path)
        wrong.openings = try TrainingText([path])
        wrong.openingLength = 2
        let error = #expect(throws: SparrowError.self) { try run(wrong) }
        #expect(error?.kind == .malformed && error?.file == path && error?.field == "openings")
      }

      @Test func aRunThatIsStoppedKeepsItsBatches() throws {
        _ = try run(options)
        let whole = try Files.read(options.output)
        var other = options
        other.output = folder.file("stopped.jsonl")
        #expect(throws: SparrowError(.cancelled, found: "stopped")) {
          _ = try run(other, progress: Progress { $0.count!.done < 135 })
        }
        let kept = try Files.read(other.output)
        #expect(kept.count > 0 && kept.count < whole.count && whole.starts(with: kept))
        #expect(kept.last == UInt8(ascii: "\n"))
      }

      @Test func fewTokensTakeFewRows() throws {
        var few = options
        few.tokens = 20
        #expect(try run(few).tokens == 30)
      }

      @Test func refusesWhatItCannotDo() throws {
        func expect(_ field: String, _ change: (inout SamplingRun.Options) -> Void) {
          var wrong = options
          change(&wrong)
          let error = #expect(throws: SparrowError.self) { try run(wrong) }
          #expect(error?.kind == .argument && error?.field == field)
        }
        expect("tokens") { $0.tokens = 0 }
        expect("tokens") { $0.tokens = .max }
        expect("rows") { $0.rows = 0 }
        expect("rows") { $0.rows = .max }
        expect("length") { $0.length = 1 }
        expect("length") { $0.length = 1 << 20 }
        expect("temperature") { $0.temperature = 0 }
        let text = try TrainingText([Fixtures.path("models/smollm2/tokenizer.json")])
        for (length, most) in [(16, 0), (16, 15), (2, 1)] {
          expect("opening length") {
            ($0.openings, $0.length, $0.openingLength) = (text, length, most)
          }
        }
        expect("temperature") { $0.temperature = .nan }
        try Files.write([10], to: options.output)
        expect("output") { _ in }
      }
    }
  }
#endif
