import Sparrow
import SparrowEngine
import SparrowEvaluation
import SparrowMeasure
import SparrowTestSupport
import Testing

@Suite struct PerplexityTests {
  static let text = String(
    repeating: "In the beginning was the word, and the sparrow ate 12 crumbs of bread. ", count: 20)

  func model() throws -> Model {
    try Model.load(
      Fixtures.path("models/smollm2"), options: LoadOptions(threads: 2, prefillTokens: 24))
  }

  /// The definition, token by token, in double precision.
  @Test func equalsItsDefinition() throws {
    let model = try model()
    let context = 32
    let found = try Perplexity.measure(model, text: Self.text, context: context, windows: 3)
    let tokens = model.tokenizer.encode(Self.text)
    var sum = 0.0
    var count = 0
    for window in 0..<3 {
      let part = Array(tokens[window * context..<(window + 1) * context])
      let session = try model.session(context: context)
      for (index, token) in part.dropLast().enumerated() {
        let loss = try session.advance(token) { output -> Double in
          let top = Double(output.logits.max()!)
          let total = output.logits.reduce(0) { $0 + exponential(Double($1) - top) }
          return top + naturalLog(total) - Double(output.logits[Int(part[index + 1])])
        }
        if index >= context / 2 {
          sum += loss
          count += 1
        }
      }
    }
    #expect(found.tokens == count && found.windows == 3)
    #expect(abs(found.estimate / exponential(sum / Double(count)) - 1) < 1e-4)
    #expect(found.error > 0)
  }

  @Test func aTextTooShortIsRefused() throws {
    let model = try model()
    #expect(throws: SparrowError.self) {
      try Perplexity.measure(model, text: "a few words", context: 32)
    }
  }

  @Test func stopsWhenAsked() throws {
    let model = try model()
    let error = #expect(throws: SparrowError.self) {
      try Perplexity.measure(
        model, text: Self.text, context: 32, progress: Progress { _ in false })
    }
    #expect(error?.kind == .cancelled)
  }

  @Test func theBenchmarkCountsWhatDecodingReads() throws {
    let model = try model()
    let result = try Benchmark.run(
      model, options: .init(promptTokens: 16, decodeTokens: 8, repetitions: 2))
    #expect(result.decode.minimum > 0 && result.decode.minimum <= result.decode.maximum)
    #expect(result.bytesPerToken >= model.bytesPerToken)
    #expect(result.json["prefill_tokens_per_second"]?["median"]?.double ?? 0 > 0)
  }

  @Test func comparingHeadsNeedsASparseOne() throws {
    let model = try model()
    #expect(throws: SparrowError.self) { try VocabularyAgreement.measure(model, text: Self.text) }
  }
}
