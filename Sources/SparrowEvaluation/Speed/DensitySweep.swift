public import Sparrow
public import SparrowCore
import SparrowCPU
import SparrowSparsity
import SparrowTransformer

/// Decoding speed of a sparse model against density and batch, its dense self in turn.
///
/// Every sparse layer keeps its predictor and selects the top part of its groups instead of what its plan says.
public struct DensitySweep: Sendable {
  public struct Options: Sendable {
    public var densities: [Float]
    /// Sequences that are decoded together.
    public var batches: [Int]
    /// Steps of one measurement.
    public var steps: Int
    public var repetitions: Int

    public init(
      densities: [Float] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], batches: [Int] = [1],
      steps: Int = 32, repetitions: Int = 5
    ) {
      self.densities = densities
      self.batches = batches
      self.steps = steps
      self.repetitions = repetitions
    }
  }

  /// One density and batch.
  public struct Point: Sendable {
    /// nil for the plan's own selectors.
    public var density: Float?
    public var batch: Int
    /// Milliseconds a step of decoding: the whole step without the head, and its feed-forward networks.
    public var step: Benchmark.Figure
    public var denseStep: Benchmark.Figure
    public var feedForward: Benchmark.Figure
    public var denseFeedForward: Benchmark.Figure
    /// Of the sparse networks' time, what goes into scores and into choosing.
    public var predict: Double
    public var select: Double
    /// Dense time over sparse time, pair by pair.
    public var stepSpeedup: Benchmark.Figure
    public var feedForwardSpeedup: Benchmark.Figure
    /// Bytes of the sparse layers' networks that a token reads, and all of theirs.
    public var bytes: Int
    public var denseBytes: Int

    /// What the bytes alone would give.
    public var predictedSpeedup: Double { Double(denseBytes) / Double(max(bytes, 1)) }

    public var json: JSON {
      [
        "density": density.map { .number(Double($0)) } ?? .null, "batch": .integer(batch),
        "step_milliseconds": step.json, "dense_step_milliseconds": denseStep.json,
        "feed_forward_milliseconds": feedForward.json,
        "dense_feed_forward_milliseconds": denseFeedForward.json,
        "predict_milliseconds": .number(predict), "select_milliseconds": .number(select),
        "step_speedup": stepSpeedup.json, "feed_forward_speedup": feedForwardSpeedup.json,
        "bytes": .integer(bytes), "dense_bytes": .integer(denseBytes),
        "predicted_speedup": .number(predictedSpeedup),
      ]
    }
  }

  public var points: [Point] = []

  public var json: JSON { .array(points.map(\.json)) }

  /// Measures the plan's own selectors at every batch, then all densities at batch 1.
  ///
  /// Throws `.argument` for a model without sparse feed-forward networks. `progress` gets the part done and
  /// returns false to stop.
  public static func run(
    _ model: Model, options: Options = Options(), progress: (Double) -> Bool = { _ in true }
  ) throws(SparrowError) -> DensitySweep {
    guard !model.layerPlans.isEmpty else {
      throw SparrowError(
        .argument, file: model.path, field: "sweep", found: "no sparse feed-forward network",
        expected: "an adapter with sparse layers (--adapter)")
    }
    defer { model.engine.replan(model.layerPlans) }
    let cases: [(Float?, Int)] =
      options.batches.map { (nil, $0) } + options.densities.map { ($0, 1) }
    var result = DensitySweep()
    for (index, (density, batch)) in cases.enumerated() {
      model.engine.replan(density.map { model.plans(density: $0) } ?? model.layerPlans)
      let run = try SweepRun(model, batch: batch)
      result.points.append(run.measure(options, density: density))
      guard progress(Double(index + 1) / Double(cases.count)) else {
        throw SparrowError(.cancelled, found: "stopped")
      }
    }
    return result
  }
}

/// The measurements of one batch.
private final class SweepRun {
  private let model: Model
  private let caches: [KeyValueCache]
  private var tokens: [Int32]

  init(_ model: Model, batch: Int) throws(SparrowError) {
    self.model = model
    var caches: [KeyValueCache] = []
    for _ in 0..<batch { caches.append(try KeyValueCache(model.configuration, capacity: 256)) }
    self.caches = caches
    tokens = (0..<batch).map { Int32(7 + 31 * $0) }
  }

  func measure(_ options: DensitySweep.Options, density: Float?) -> DensitySweep.Point {
    var sparse: [StepProfile] = []
    var dense: [StepProfile] = []
    for repetition in 0...options.repetitions {
      for isDense in [repetition % 2 == 0, repetition % 2 == 1] {
        let profile = profile(steps: options.steps, isDense: isDense)
        guard repetition > 0 else { continue }
        if isDense { dense.append(profile) } else { sparse.append(profile) }
      }
    }
    func ratios(_ time: (StepProfile) -> Double) -> Benchmark.Figure {
      .init(zip(dense, sparse).map { time($0) / time($1) })
    }
    func mean(_ part: StepProfile.Part) -> Double {
      sparse.reduce(0) { $0 + $1[part] / Double($1.steps) } / Double(sparse.count) * 1000
    }
    let bytes = model.engine.feedForwardBytes
    return DensitySweep.Point(
      density: density, batch: caches.count, step: .init(sparse.map(\.milliseconds)),
      denseStep: .init(dense.map(\.milliseconds)),
      feedForward: .init(sparse.map(\.feedForwardMilliseconds)),
      denseFeedForward: .init(dense.map(\.feedForwardMilliseconds)), predict: mean(.predict),
      select: mean(.select), stepSpeedup: ratios(\.milliseconds),
      feedForwardSpeedup: ratios(\.feedForwardMilliseconds), bytes: bytes.sparse,
      denseBytes: bytes.dense)
  }

  /// Decodes greedily from empty caches.
  private func profile(steps: Int, isDense: Bool) -> StepProfile {
    let engine = model.engine
    return model.exclusively {
      engine.runsDense = isDense
      defer { engine.runsDense = false }
      caches.forEach { $0.clear() }
      engine.profile = StepProfile()
      var next = tokens
      for _ in 0..<steps {
        next.withUnsafeBufferPointer { engine.step($0, caches: caches) }
        // Any tokens do, if they differ from step to step and between sequences.
        for row in next.indices {
          next[row] = (next[row] &* 1103 &+ 12345) % Int32(model.configuration.vocabulary)
        }
      }
      defer { engine.profile = nil }
      return engine.profile!
    }
  }
}

extension Model {
  /// The plans with their selectors replaced by the top part of the groups.
  func plans(density: Float) -> [Int: FeedForwardPlan] {
    var plans = layerPlans
    for (layer, plan) in layerPlans {
      let groups = configuration.layers[layer].feedForward.width / plan.groupSize
      plans[layer]!.selector = .topK(max(1, Int((density * Float(groups)).rounded())))
    }
    return plans
  }
}
