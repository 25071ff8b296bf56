internal import CSparrowKernels
import Sparrow
import SparrowCPU
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The measurements of one batch.
final class SweepRun {
  private let model: Model
  private let caches: [KeyValueCache]
  /// `[steps][batch]`: what the dense model says after random first tokens.
  private var tokens: [[Int32]] = []

  init(_ model: Model, batch: Int, steps: Int) throws(SparrowError) {
    self.model = model
    var caches: [KeyValueCache] = []
    for _ in 0..<batch { caches.append(try KeyValueCache(model.configuration, capacity: steps)) }
    self.caches = caches
    var random = SeededRandom(seed: 1)
    var next = (0..<batch).map { _ in
      Int32(Int.random(in: 0..<model.configuration.vocabulary, using: &random))
    }
    model.exclusively {
      model.engine.runsDense = true
      defer { model.engine.runsDense = false }
      for _ in 0..<steps {
        tokens.append(next)
        next.withUnsafeBufferPointer { model.engine.step($0, caches: caches) }
        model.engine.outputs(rows: batch) { row, output in
          next[row] = sk_argmax(output.logits.baseAddress, Int32(output.logits.count))
        }
      }
    }
  }

  /// Dense and sparse in turn.
  func measure(
    _ options: DensitySweep.Options, density: Float?, progress: Progress
  ) throws(SparrowError) -> DensitySweep.Point {
    var sparse: [(step: StepProfile, head: Double)] = []
    var dense: [(step: StepProfile, head: Double)] = []
    for repetition in 0...options.repetitions {
      for isDense in [repetition % 2 == 0, repetition % 2 == 1] {
        let profile = profile(isDense: isDense)
        guard repetition > 0 else { continue }
        if isDense { dense.append(profile) } else { sparse.append(profile) }
      }
      try progress.report(repetition + 1, of: options.repetitions + 1)
    }
    func pairs(_ milliseconds: ((step: StepProfile, head: Double)) -> Double) -> PairedFigures {
      PairedFigures(.time, dense: dense.map(milliseconds), sparse: sparse.map(milliseconds))
    }
    let networks = pairs(\.step.feedForwardMilliseconds)
    let times = StepTimes(sparse[networks.quoted].step)
    let bytes = model.engine.feedForwardBytes
    let isSparse = !model.plan.hasSparseLayers || model.engine.runsSparse(batch: caches.count)
    return DensitySweep.Point(
      density: density, batch: caches.count, isSparse: isSparse,
      step: pairs { $0.step.milliseconds + $0.head }, feedForward: networks,
      predict: times.predict, select: times.select,
      headSpeedup: model.plan.head.map { _ in pairs(\.head).speedup },
      bytes: isSparse ? bytes.sparse : bytes.dense, denseBytes: bytes.dense)
  }

  /// The scores of all neurons of these layers for all tokens, decoded from empty caches by a batch of 1.
  func scores(of layers: [Int]) -> [Int: [Float]] {
    let engine = model.engine
    return model.exclusively {
      caches.forEach { $0.clear() }
      var result: [Int: [Float]] = [:]
      for row in tokens {
        row.withUnsafeBufferPointer { engine.step($0, caches: caches) }
        for layer in layers { result[layer, default: []] += engine.neuronScores(layer: layer) }
      }
      return result
    }
  }

  /// Decodes the tokens from empty caches; `head` is its milliseconds a step, where the plan has a sparse one.
  private func profile(isDense: Bool) -> (step: StepProfile, head: Double) {
    let engine = model.engine
    return model.exclusively {
      engine.runsDense = isDense
      defer { engine.runsDense = false }
      caches.forEach { $0.clear() }
      engine.profile = StepProfile()
      defer { engine.profile = nil }
      var head = 0.0
      for row in tokens {
        row.withUnsafeBufferPointer { engine.step($0, caches: caches) }
        guard model.plan.head != nil else { continue }
        let start = monotonicSeconds()
        engine.outputs(rows: caches.count) { _, _ in }
        head += monotonicSeconds() - start
      }
      return (engine.profile!, head / Double(tokens.count) * 1000)
    }
  }
}
