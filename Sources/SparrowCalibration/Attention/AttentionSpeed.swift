internal import Sparrow
internal import SparrowEngine
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
    model.backend.use(SparsePlan(attention: plans))
    let context = Self.context(model)
    // A cache each: a dense step behind sparse ones would first make what those left out.
    let caches = [try filled(context), try filled(context)]
    var ratios: [Double] = []
    for round in 0...Self.rounds {
      var milliseconds = [0.0, 0.0]
      for side in round % 2 == 0 ? [0, 1] : [1, 0] {
        let probes = StepProbes(profile: StepProfile())
        for token in 1...Int32(Self.steps) {
          model.backend.step(
            .decode([token], of: [caches[side]], isDense: side == 0, probes: probes))
        }
        try model.backend.check()
        milliseconds[side] = probes.profile!.milliseconds
        caches[side].truncate(to: context)
      }
      // The first one warms up.
      if round > 0 { ratios.append(milliseconds[0] / milliseconds[1]) }
    }
    return ratios.sorted()[ratios.count / 2]
  }

  private func filled(_ count: Int) throws(SparrowError) -> SequenceState {
    let sequence = try model.backend.sequence(capacity: count + Self.steps, type: .f16)
    var random = SeededRandom(seed: 1)
    let vocabulary = Float(model.configuration.vocabulary - 1)
    let tokens = (0..<count).map { _ in Int32(random.uniform() * vocabulary) }
    for start in stride(from: 0, to: count, by: model.backend.limits.rows) {
      let end = min(start + model.backend.limits.rows, count)
      model.backend.step(.prompt(tokens[start..<end], of: sequence))
    }
    return sequence
  }
}
