import Sparrow
import SparrowEngine
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The measurements of one batch.
final class SweepRun {
  private let model: Model
  private let sequences: [SequenceState]
  /// `[steps][batch]`: what the dense model says after random first tokens.
  private var tokens: [[Int32]] = []

  init(_ model: Model, batch: Int, steps: Int) throws(SparrowError) {
    self.model = model
    let backend = model.backend
    var sequences: [SequenceState] = []
    for _ in 0..<batch { sequences.append(try backend.sequence(capacity: steps, type: .f16)) }
    self.sequences = sequences
    var random = SeededRandom(seed: 1)
    var next = (0..<batch).map { _ in
      Int32(Int.random(in: 0..<model.configuration.vocabulary, using: &random))
    }
    model.exclusively {
      for _ in 0..<steps {
        tokens.append(next)
        backend.step(.decode(next, of: sequences, isDense: true))
        backend.greatest(of: 0..<batch) { next[$0.row] = $0.top }
      }
    }
    try backend.check()
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
    let steps = parts(isDense: false).count
    func pairs(
      _ part: (StepProfile) -> Double, head: (Double) -> Double = { _ in 0 }
    ) -> PairedFigures {
      PairedFigures(
        .time, dense: dense.map { part($0.step) + head($0.head) },
        sparse: sparse.map { Double(steps) * part($0.step) + head($0.head) })
    }
    let networks = pairs(\.feedForwardMilliseconds)
    let times = StepTimes(sparse[networks.quoted].step)
    let bytes = model.backend.feedForwardBytes
    return DensitySweep.Point(
      density: density, batch: sequences.count, sparseSteps: steps,
      step: pairs(\.milliseconds) { $0 }, feedForward: networks,
      predict: Double(steps) * times.predict, select: Double(steps) * times.select,
      headSpeedup: model.plan.head.map { _ in pairs({ _ in 0 }) { $0 }.speedup },
      bytes: bytes.sparse, denseBytes: bytes.dense)
  }

  /// The scores of all neurons of these layers for all tokens, decoded from empty caches by a batch
  /// of 1.
  func scores(of layers: [Int]) -> [Int: [Float]] {
    let backend = model.backend
    return model.exclusively {
      sequences.forEach { $0.clear() }
      var result: [Int: [Float]] = [:]
      for row in tokens {
        backend.step(.decode(row, of: sequences))
        for layer in layers { result[layer, default: []] += backend.neuronScores(layer: layer) }
      }
      return result
    }
  }

  /// The sequences of each step for a token of all of them.
  private func parts(isDense: Bool) -> [Range<Int>] {
    let width = isDense ? sequences.count : model.backend.sparseBatch
    return stride(from: 0, to: sequences.count, by: width).map {
      $0..<min($0 + width, sequences.count)
    }
  }

  /// Decodes the tokens from empty caches; `head` is its milliseconds a step, where the plan has a
  /// sparse one.
  private func profile(isDense: Bool) -> (step: StepProfile, head: Double) {
    let backend = model.backend
    let probes = StepProbes(profile: StepProfile())
    return model.exclusively {
      sequences.forEach { $0.clear() }
      var head = 0.0
      for row in tokens {
        for part in parts(isDense: isDense) {
          backend.step(
            .decode(
              Array(row[part]), of: Array(sequences[part]), isDense: isDense, probes: probes))
          guard model.plan.head != nil else { continue }
          let start = monotonicSeconds()
          backend.outputs(rows: part.count) { _ in }
          head += monotonicSeconds() - start
        }
      }
      return (probes.profile!, head / Double(tokens.count) * 1000)
    }
  }
}
