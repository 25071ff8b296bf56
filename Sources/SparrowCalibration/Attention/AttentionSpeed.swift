internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowSparsity

/// How fast decoding runs with some layers' attention sparse, beside dense, behind a context.
struct AttentionSpeed {
  private let model: Model
  private static let contextLimit = 512
  private static let rounds = 9
  private static let steps = 8

  init(_ model: Model) { self.model = model }

  /// Tokens that stand before those that are timed.
  static func context(_ model: Model) -> Int {
    max(0, min(contextLimit, model.configuration.contextLength - steps))
  }

  /// All layers' speed as a multiple of dense, the median of rounds that take turns.
  func measure(_ plans: [Int: AttentionPlan]) throws(SparrowError) -> Double {
    let engine = model.engine
    engine.select(SparsePlan(attention: plans))
    let context = Self.context(model)
    // A cache each: a dense step behind sparse ones would first make what those left out.
    let caches = [try filled(context), try filled(context)]
    var ratios: [Double] = []
    for round in 0...Self.rounds {
      var milliseconds = [0.0, 0.0]
      for side in round % 2 == 0 ? [0, 1] : [1, 0] {
        engine.profile = StepProfile()
        engine.runsDense = side == 0
        for token in 0..<Int32(Self.steps) { step([token + 1], caches[side]) }
        milliseconds[side] = engine.profile!.milliseconds
        caches[side].truncate(to: context)
      }
      // The first one warms up.
      if round > 0 { ratios.append(milliseconds[0] / milliseconds[1]) }
    }
    engine.profile = nil
    engine.runsDense = false
    return ratios.sorted()[ratios.count / 2]
  }

  private func filled(_ count: Int) throws(SparrowError) -> KeyValueCache {
    let cache = try KeyValueCache(model.configuration, capacity: count + Self.steps)
    var random = SeededRandom(seed: 1)
    let vocabulary = Float(model.configuration.vocabulary - 1)
    let tokens = (0..<count).map { _ in Int32(random.uniform() * vocabulary) }
    for start in stride(from: 0, to: count, by: model.engine.maximumRows) {
      step(Array(tokens[start..<min(start + model.engine.maximumRows, count)]), cache)
    }
    return cache
  }

  private func step(_ tokens: [Int32], _ cache: KeyValueCache) {
    tokens.withUnsafeBufferPointer { model.engine.step($0, cache: cache) }
  }
}
