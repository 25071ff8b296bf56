public import Sparrow
public import SparrowCore
import SparrowEngine
public import SparrowMeasure

/// How fast many requests run together through a scheduler, beside plain steps of as many
/// sequences.
public struct StreamBenchmark: Sendable {
  /// Requests at once.
  public var streams: Int
  /// Tokens a second of all requests together, from submitting them to the last token.
  public var scheduler: Figure
  /// The same of the engine's steps alone, each followed by greedy sampling.
  public var steps: Figure
  /// The scheduler's speed over that of the steps.
  public var share: Figure

  /// Measures both in turn, `repetitions` times after a warm-up, with answers of `tokens`.
  public static func run(
    _ model: Model, streams: Int, tokens: Int, repetitions: Int, progress: Progress = .none
  ) throws(SparrowError) -> StreamBenchmark {
    try SparrowError.require(streams, in: 1...model.backend.limits.rows, "streams")
    let scheduler = try model.scheduler(
      SchedulerOptions(parallel: streams, waiting: streams, context: tokens + 1))
    var scheduled: [Double] = []
    var stepped: [Double] = []
    for repetition in 0...repetitions {
      let both = (
        try schedule(scheduler, streams: streams, tokens: tokens),
        try step(model, streams: streams, tokens: tokens)
      )
      if repetition > 0 {
        scheduled.append(both.0)
        stepped.append(both.1)
      }
      try progress.report(repetition + 1, of: repetitions + 1)
    }
    let pairs = PairedFigures(.rate, dense: stepped, sparse: scheduled)
    return StreamBenchmark(
      streams: streams, scheduler: pairs.sparse, steps: pairs.dense, share: pairs.speedup)
  }

  /// Waits for readers that run on Swift's own threads.
  private static func schedule(
    _ scheduler: Scheduler, streams: Int, tokens: Int
  ) throws(SparrowError) -> Double {
    let bell = Bell()
    let start = monotonicSeconds()
    for index in 0..<streams {
      let stream = try scheduler.submit(
        GenerationRequest(
          prompt: [Int32(index)],
          options: GenerationOptions(maximumTokens: tokens, ignoresEnd: true)))
      Task {
        do { for try await _ in stream {} } catch {}
        bell.ring()
      }
    }
    while Int(bell.count) < streams { bell.wait(after: bell.count) }
    return Double(streams * tokens) / (monotonicSeconds() - start)
  }

  private static func step(
    _ model: Model, streams: Int, tokens: Int
  ) throws(SparrowError) -> Double {
    let backend = model.backend
    var sequences: [SequenceState] = []
    for _ in 0..<streams { sequences.append(try backend.sequence(capacity: tokens + 1)) }
    var samplers: [Sampler] = []
    for _ in 0..<streams { samplers.append(try Sampler()) }
    var next = (0..<Int32(streams)).map { $0 }
    let width = backend.sparseBatch
    let start = monotonicSeconds()
    for _ in 0..<tokens {
      for first in stride(from: 0, to: streams, by: width) {
        let part = first..<min(first + width, streams)
        model.exclusively {
          backend.step(.decode(Array(next[part]), of: Array(sequences[part])))
          backend.greatest(of: 0..<part.count) { output in
            let index = first + output.row
            next[index] =
              output.ids.map { samplers[index].sample(ids: $0, logits: output.logits) }
              ?? samplers[index].sample(output.logits)
          }
        }
      }
    }
    try backend.check()
    return Double(streams * tokens) / (monotonicSeconds() - start)
  }

  public var json: JSON {
    [
      "streams": .integer(streams), "scheduler_tokens_per_second": scheduler.json,
      "steps_tokens_per_second": steps.json, "share": share.json,
    ]
  }
}
