import Sparrow
import SparrowCore
import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import Testing

/// Log-probabilities, of answers and of prompts, and what tokens touched.
@Suite struct ScoresTests {
  private static let prompt: [Int32] = (0..<40).map { Int32((7 * $0 + $0 / 9) % 100) }

  private static func logProbability(_ logits: [Float], _ token: Int32) -> Float {
    let top = logits.max()!
    let sum = logits.reduce(0.0) { $0 + Double(exponential($1 - top)) }
    return logits[Int(token)] - top - Float(naturalLog(sum))
  }

  private static func check(_ token: GeneratedToken, _ logits: [Float]) {
    #expect(abs(token.logProbability! - logProbability(logits, token.id)) < 1e-4)
    let likeliest = logits.indices.max { logits[$0] < logits[$1] }!
    #expect(token.likeliest.first?.id == Int32(likeliest))
    #expect(token.likeliest.count == 2)
    if token.id == token.likeliest[0].id {
      #expect(token.logProbability == token.likeliest[0].logProbability)
    }
  }

  @Test("a prompt's are the dense model's, or with `decodesPrompt` those of the plan's kernels")
  func prompts() async throws {
    let model = try ScheduledModel.load("llama3", .networks)
    let scheduler = try model.scheduler(SchedulerOptions(context: 64))
    for decodes in [false, true] {
      let request = GenerationRequest(
        prompt: Self.prompt, options: GenerationOptions(maximumTokens: 1), logProbabilities: 2,
        scoresPrompt: true, decodesPrompt: decodes)
      let piece = try await scheduler.submit(request).collect()
      #expect(piece.prompt.map(\.id) == Self.prompt)
      #expect(piece.prompt[0].logProbability == nil)
      var logits: [[Float]] = []
      let session = try model.session(context: 64)
      if decodes {
        try session.append([Self.prompt[0]])
        logits.append(Array(model.backend.logits(rows: 0..<1)))
        for token in Self.prompt.dropFirst() {
          logits.append(
            try session.advance(token) { _ in Array(model.backend.logits(rows: 0..<1)) })
        }
      } else {
        try session.score(Self.prompt, from: 0) { logits.append(Array($2)) }
      }
      for (token, logits) in zip(piece.prompt.dropFirst() + piece.tokens, logits) {
        Self.check(token, logits)
      }
    }
  }

  @Test("asking for log-probabilities changes no token, whatever the head")
  func asking() async throws {
    for kind in [PlanKind.dense, .head, .all] {
      let model = try ScheduledModel.load("llama3", kind)
      let scheduler = try model.scheduler(SchedulerOptions(context: 64))
      func tokens(_ count: Int?) async throws -> [GeneratedToken] {
        try await scheduler.submit(
          GenerationRequest(
            prompt: Self.prompt,
            options: GenerationOptions(
              maximumTokens: 20, sampling: SamplingOptions(temperature: 1, topK: 5, seed: 3),
              ignoresEnd: true), logProbabilities: count)
        ).collect().tokens
      }
      let (without, with) = try await (tokens(nil), tokens(3))
      #expect(without.map(\.id) == with.map(\.id))
      #expect(without.allSatisfy { $0.logProbability == nil })
      #expect(with.allSatisfy { $0.logProbability! < 0 && $0.likeliest.count == 3 })
    }
  }

  @Test("no tokens wanted: the prompt's scores alone")
  func scoresAlone() async throws {
    let scheduler = try ScheduledModel.load().scheduler(SchedulerOptions(context: 64))
    let request = GenerationRequest(
      prompt: Self.prompt, options: GenerationOptions(maximumTokens: 0), logProbabilities: 0,
      scoresPrompt: true)
    let piece = try await scheduler.submit(request).collect()
    #expect(piece.prompt.count == 40 && piece.tokens.isEmpty && piece.result?.reason == .length)
  }

  @Test("activity names what each decoded token touched")
  func activity() async throws {
    let model = try ScheduledModel.load("llama3", .all)
    let scheduler = try model.scheduler(SchedulerOptions(context: 64))
    var request = GenerationRequest(
      prompt: Self.prompt, options: GenerationOptions(maximumTokens: 6, ignoresEnd: true),
      reportsActivity: true)
    let piece = try await scheduler.submit(request).collect()
    #expect(piece.activity.count == 6)
    #expect(piece.activity[0].layers.isEmpty)
    for activity in piece.activity.dropFirst() {
      #expect(activity.layers.map(\.layer) == Array(model.configuration.layers.indices))
      #expect(activity.layers.allSatisfy { $0.groups != nil && $0.heads != nil })
    }
    request.plan = .dense
    let dense = try await scheduler.submit(request).collect()
    #expect(dense.activity.allSatisfy { $0.layers.isEmpty })
  }

  @Test("recall is sampled where it is asked for, as an audit finds it, and changes no token")
  func recall() async throws {
    let model = try ScheduledModel.load("llama3", .all)
    let request = GenerationRequest(
      prompt: Self.prompt, options: GenerationOptions(maximumTokens: 12, ignoresEnd: true))
    let plain = try model.scheduler(SchedulerOptions(context: 64))
    let first = try await plain.submit(request).collect().tokens
    await plain.stop()
    #expect(plain.statistics.recall == nil)
    let sampled = try model.scheduler(SchedulerOptions(context: 64))
    sampled.sampleRecall()
    #expect(try await sampled.submit(request).collect().tokens == first)
    await sampled.stop()
    let found = try #require(sampled.statistics.recall)
    // The first step that decodes is the one that is measured.
    let session = try model.session(context: 64)
    try session.append(Self.prompt)
    let audit = model.backend.makeAudit()
    session.probes = StepProbes(audit: audit)
    _ = try session.advance(first[0].id) { _ in true }
    for layer in audit.layers where layer.kind == .feedForward {
      #expect(found.networks[layer.layer] == layer.recallSum)
    }
    #expect(found.networks.count == model.configuration.layers.count)
    #expect(found.head.map { (0...1).contains($0) } == true)
  }

  @Test("of few allowed tokens the likeliest is taken, whatever the sparse head's candidates are")
  func fewAllowed() async throws {
    let model = try ScheduledModel.load("llama3", .head)
    let letters = TextGrammar.choice("abcdefghijklmnopqrstuvwxyz".map { .literal(String($0)) })
    let grammar = try TokenGrammar(
      .repeated(letters, least: 20, most: 20), vocabulary: model.tokenVocabulary)
    let scheduler = try model.scheduler(SchedulerOptions(context: 128))
    for temperature in [0, 1] as [Float] {
      for seed in 0..<4 {
        var request = GenerationRequest(
          prompt: Array(Self.prompt.dropFirst(seed)),
          options: GenerationOptions(
            sampling: SamplingOptions(
              temperature: temperature, topK: 0, repetitionPenalty: 1.3, seed: UInt64(seed))),
          constraint: grammar.constraint())
        let sparse = try await scheduler.submit(request).collect()
        request.plan = .dense
        let dense = try await scheduler.submit(request).collect()
        #expect(sparse.text == dense.text && sparse.text.utf8.count == 20)
        #expect(sparse.result?.fallbacks == 0)
      }
    }
  }
}
