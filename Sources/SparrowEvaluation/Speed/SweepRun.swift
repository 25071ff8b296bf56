import Sparrow
import SparrowCPU
import SparrowCore
import SparrowTransformer

/// The measurements of one batch.
final class SweepRun {
  private let model: Model
  private let caches: [KeyValueCache]
  /// `[steps][batch]`: any tokens do, if they differ from step to step and between sequences.
  private let tokens: [[Int32]]

  init(_ model: Model, batch: Int, steps: Int) throws(SparrowError) {
    self.model = model
    var caches: [KeyValueCache] = []
    for _ in 0..<batch { caches.append(try KeyValueCache(model.configuration, capacity: steps)) }
    self.caches = caches
    var random = SeededRandom(seed: 1)
    tokens = (0..<steps).map { _ in
      (0..<batch).map { _ in
        Int32(Int.random(in: 0..<model.configuration.vocabulary, using: &random))
      }
    }
  }

  /// Dense and sparse in turn. `progress` as in `DensitySweep.run`.
  func measure(
    _ options: DensitySweep.Options, density: Float?, progress: (Double) -> Bool
  ) throws(SparrowError) -> DensitySweep.Point {
    var sparse: [StepProfile] = []
    var dense: [StepProfile] = []
    for repetition in 0...options.repetitions {
      for isDense in [repetition % 2 == 0, repetition % 2 == 1] {
        let profile = profile(isDense: isDense)
        guard repetition > 0 else { continue }
        if isDense { dense.append(profile) } else { sparse.append(profile) }
      }
      guard progress(Double(repetition + 1) / Double(options.repetitions + 1)) else {
        throw SparrowError(.cancelled, found: "stopped")
      }
    }
    func ratios(_ time: (StepProfile) -> Double) -> Benchmark.Figure {
      .init(zip(dense, sparse).map { time($0) / time($1) })
    }
    func mean(_ part: StepProfile.Part) -> Double {
      sparse.reduce(0) { $0 + $1[part] / Double($1.steps) } / Double(sparse.count) * 1000
    }
    let bytes = model.engine.feedForwardBytes
    let isSparse = model.engine.runsSparse(batch: caches.count)
    return DensitySweep.Point(
      density: density, batch: caches.count, isSparse: isSparse,
      step: .init(sparse.map(\.milliseconds)), denseStep: .init(dense.map(\.milliseconds)),
      feedForward: .init(sparse.map(\.feedForwardMilliseconds)),
      denseFeedForward: .init(dense.map(\.feedForwardMilliseconds)), predict: mean(.predict),
      select: mean(.select), stepSpeedup: ratios(\.milliseconds),
      feedForwardSpeedup: ratios(\.feedForwardMilliseconds),
      bytes: isSparse ? bytes.sparse : bytes.dense, denseBytes: bytes.dense)
  }

  /// Decodes the tokens from empty caches.
  private func profile(isDense: Bool) -> StepProfile {
    let engine = model.engine
    return model.exclusively {
      engine.runsDense = isDense
      defer { engine.runsDense = false }
      caches.forEach { $0.clear() }
      engine.profile = StepProfile()
      defer { engine.profile = nil }
      for row in tokens { row.withUnsafeBufferPointer { engine.step($0, caches: caches) } }
      return engine.profile!
    }
  }
}
