import Sparrow
import SparrowTestSupport
import Testing

/// Sessions on a tiny random model whose tokens are real ones.
@Suite struct GenerationTests {
  let model: Model

  init() throws {
    model = try Model.load(
      Fixtures.path("models/smollm2"), options: LoadOptions(threads: 2, prefillTokens: 8))
  }

  func text(
    _ options: GenerationOptions, context: Int? = 64, receive: (String) -> Bool = { _ in true }
  ) throws -> GenerationResult {
    try model.session(context: context).generate("the cat", options: options, receive: receive)
  }

  @Test func greedyTokensEqualHuggingFace() throws {
    let expected = try Fixtures.expected("smollm2")
    let session = try model.session(context: 64)
    let result = try session.generate(
      tokens: expected.tokens, options: GenerationOptions(maximumTokens: 8, ignoresEnd: true))
    #expect(result.tokens == expected.greedy)
  }

  @Test func piecesJoinToTheText() throws {
    var pieces = ""
    let result = try text(GenerationOptions(maximumTokens: 20, ignoresEnd: true)) {
      pieces += $0
      return true
    }
    #expect(result.tokens.count == 20)
    #expect(result.reason == .length)
    #expect(pieces == result.text)
  }

  @Test func aStopTextEndsBeforeItselfWhereverTokensAreCut() throws {
    let all = try text(GenerationOptions(maximumTokens: 24, ignoresEnd: true)).text
    let bytes = Array(all.utf8)
    try #require(bytes.count > 8)
    for length in 1...4 {
      let stop = String(decoding: bytes[4..<4 + length], as: UTF8.self)
      guard stop.utf8.count == length, !stop.contains("\u{FFFD}") else { continue }
      let result = try text(
        GenerationOptions(maximumTokens: 24, stop: [stop, "never there"], ignoresEnd: true))
      #expect(result.reason == .stop)
      #expect(!result.text.contains(stop))
      #expect(all.utf8.starts(with: result.text.utf8))
    }
  }

  @Test func theSameSeedDrawsTheSameTokens() throws {
    func draw(_ seed: UInt64) throws -> [Int32] {
      try text(
        GenerationOptions(
          maximumTokens: 16, sampling: SamplingOptions(temperature: 1.5, topK: 0, seed: seed),
          ignoresEnd: true)
      ).tokens
    }
    #expect(try draw(3) == draw(3))
    #expect(try draw(3) != draw(4))
  }

  @Test func aFullContextEndsTheGeneration() throws {
    let result = try text(GenerationOptions(maximumTokens: 100, ignoresEnd: true), context: 12)
    #expect(result.reason == .context)
    #expect(result.promptTokens + result.tokens.count == 13)
  }

  @Test func receivingFalseStopsAtOnce() throws {
    var count = 0
    let result = try text(GenerationOptions(maximumTokens: 50, ignoresEnd: true)) { piece in
      count += piece.isEmpty ? 0 : 1
      return count < 3
    }
    #expect(result.reason == .cancelled)
    #expect(count == 3)
  }

  @Test func noTokensWantedGivesNone() throws {
    let result = try text(GenerationOptions(maximumTokens: 0))
    #expect(result.tokens.isEmpty && result.text.isEmpty)
  }

  @Test func aPromptLongerThanTheContextIsRefused() throws {
    #expect(throws: SparrowError.self) { try text(GenerationOptions(), context: 2) }
  }

  @Test func tokensOutsideTheVocabularyAreRefused() throws {
    let session = try model.session(context: 16)
    #expect(throws: SparrowError.self) { try session.append([1, 100]) }
    #expect(throws: SparrowError.self) { try session.append([-1]) }
    #expect(session.tokens.isEmpty)
  }

  @Test(arguments: [0, 129, -1])
  func contextsThatTheModelLacksAreRefused(context: Int) {
    #expect(throws: SparrowError.self) { try model.session(context: context) }
  }

  @Test func aModelWithoutAChatTemplateSaysSo() throws {
    let session = try model.session(context: 64)
    let error = #expect(throws: SparrowError.self) { try session.reply(to: [.user("hello")]) }
    #expect(error?.field == "chat template")
  }

  @Test func streamsGiveTheSameTextTogetherAsAlone() async throws {
    let options = GenerationOptions(maximumTokens: 12, ignoresEnd: true)
    let alone = try text(options).text
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<3 {
        group.addTask { [model] in
          var joined = ""
          for try await piece in model.stream("the cat", options: options, context: 64) {
            joined += piece
          }
          return joined
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(texts == [alone, alone, alone])
  }
}
