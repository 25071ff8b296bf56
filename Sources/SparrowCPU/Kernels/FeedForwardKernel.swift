internal import CSparrowKernels
import SparrowCore

/// A dense feed-forward network.
struct FeedForwardKernel: BitwiseCopyable {
  let layer: Int
  let activation: sk_activation
  /// nil when the network has no gate.
  let gate: Product?
  let up: Product
  let input: StepInput
  /// Activated neurons.
  let neurons: StepBuffer
  let down: MultiplyKernel

  func run(_ worker: Worker, _ step: StepState) {
    let isQuantized = up.wantsQuantized || gate?.wantsQuantized ?? false
    let x = input.rows(worker, step, quantized: isQuantized)
    let share = worker.share(of: up.rows, unit: 64)
    up.run(share, x, tokens: step.rows)
    gate?.run(share, x, tokens: step.rows)
    let start = share.lowerBound
    if !share.isEmpty {
      for token in 0..<step.rows {
        let own = up.output.row(token) + start
        let gated = gate.map { $0.output.row(token) + start }
        sk_activate(
          activation, gated ?? own, gated == nil ? nil : own, neurons.row(token) + start,
          Int32(share.count))
      }
    }
    worker.barrier()
    down.run(worker, step)
  }
}

/// The activation between the matrices of a network that runs in parts.
struct ActivateKernel: BitwiseCopyable {
  let activation: sk_activation
  /// Neurons of the network.
  let width: Int
  /// nil when the network has no gate.
  let gates: StepBuffer?
  let neurons: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let share = worker.share(of: width, unit: 16)
    guard !share.isEmpty else { return }
    for row in 0..<step.rows {
      let own = neurons.row(row) + share.lowerBound
      let gates = gates.map { $0.row(row) + share.lowerBound }
      sk_activate(activation, gates ?? own, gates == nil ? nil : own, own, Int32(share.count))
    }
  }
}
