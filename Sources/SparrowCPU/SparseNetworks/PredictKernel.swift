internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Scores the neurons of a layer from the input of its network, or of the one before.
struct PredictKernel: BitwiseCopyable {
  enum Predictor: BitwiseCopyable {
    /// With `estimates`, those get the approximate activations.
    case sketch(SketchScores, estimates: StepBuffer?)
    case linear(LinearKernel)
    /// The network's own gate, or gate and up: `activations` gets what they give, scores their
    /// sizes.
    case own(gate: Product?, up: Product?, activations: StepBuffer)
  }

  let predictor: Predictor
  let activation: sk_activation
  let isGated: Bool
  let input: StepInput
  let result: NeuronScores
  /// Whether others than the worker that made them read a single row's scores.
  var isRead = true

  func run(_ worker: Worker, _ step: StepState) {
    switch predictor {
    case .sketch(let sketch, let estimates): run(sketch, estimates, worker, step)
    case .linear(let maps): maps.run(worker, step, input.rows(worker, step), result: result)
    case .own(let gate, let up, let activations): run(gate, up, activations, worker, step)
    }
  }

  /// HiRE: |activation| from approximate products.
  private func run(
    _ sketch: SketchScores, _ estimates: StepBuffer?, _ worker: Worker, _ step: StepState
  ) {
    let x = input.rows(worker, step)
    if step.rows == 1 {
      sketch.turn(worker, x[0])
      if !sketch.turnsAlone { worker.barrier() }
    } else {
      sketch.turnAll(worker, inputs: step.rows, x)
    }
    let share = result.share(worker)
    guard !share.isEmpty else { return }
    let start = share.lowerBound
    let count = Int32(share.count)
    let block = RowSketch.blockRows
    let blocks = result.stride / block
    let own = start / block..<share.upperBound / block
    let second = isGated ? own.lowerBound + blocks..<own.upperBound + blocks : 0..<0
    if step.rows == 1 {
      sketch.score(worker, (own, second), withMean: true)
    } else {
      sketch.scoreAll(worker, inputs: step.rows, own, withMean: true)
      sketch.scoreAll(worker, inputs: step.rows, second, withMean: true)
    }
    for row in 0..<step.rows {
      let products = sketch.scores(of: row) + start
      let target = result.scores(of: row) + start
      sk_activate(activation, products, isGated ? products + result.stride : nil, target, count)
      if let estimates {
        let width = min(Int(count), result.width - start)
        (estimates.row(row) + start).update(from: target, count: max(0, width))
      }
      sk_sizes(target, target, count)
    }
  }

  private func run(
    _ gate: Product?, _ up: Product?, _ activations: StepBuffer, _ worker: Worker,
    _ step: StepState
  ) {
    let first = (gate ?? up)!
    let isQuantized = first.wantsQuantized || up?.wantsQuantized ?? false
    let x = input.rows(worker, step, quantized: isQuantized)
    let share = worker.share(of: first.rows, unit: 64)
    guard !share.isEmpty else { return }
    gate?.run(share, x, tokens: step.rows)
    up?.run(share, x, tokens: step.rows)
    let start = share.lowerBound
    for token in 0..<step.rows {
      let source = first.output.row(token) + start
      let other = gate == nil ? nil : up.map { $0.output.row(token) + start }
      let target = activations.row(token) + start
      sk_activate(activation, source, other, target, Int32(share.count))
      sk_sizes(target, result.scores(of: token) + start, Int32(share.count))
    }
  }
}
