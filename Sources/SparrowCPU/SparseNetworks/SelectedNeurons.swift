internal import CSparrowKernels
import SparrowCore

/// The neurons of a network that the rows of a step selected, and their rows of gate and up: what
/// all sparse networks have.
struct SelectedNeurons: BitwiseCopyable {
  let layer: Int
  let activation: sk_activation
  /// nil when the network has no gate.
  let gate: Product?
  let up: Product
  let input: StepInput
  let scores: NeuronScores
  let singleRow: SingleRowLists
  /// Neurons that stay with one worker.
  let unit: Int
  let computed: Computed
  let window: NeuronWindow

  /// What predicting computed of the network itself.
  enum Computed: BitwiseCopyable {
    case nothing
    /// activation(gate) of all neurons.
    case gates(StepBuffer)
    /// The activations of all neurons.
    case activations(StepBuffer)
  }

  var lists: IndexLists { scores.lists }

  /// The network's input as this worker reads it.
  func x(_ worker: Worker, _ step: StepState) -> InputRows {
    let isQuantized = up.wantsQuantized || gate?.wantsQuantized ?? false
    return input.rows(worker, step, quantized: isQuantized)
  }

  /// Gives away this worker's share of each row's list in runs of whole pieces, as
  /// `IndexLists.forEachRun`.
  func forEachRun(
    _ worker: Worker, _ step: StepState, piece: Int,
    _ body: (_ row: Int, _ neurons: UnsafePointer<Int32>, _ run: Range<Int>) -> Void
  ) {
    if step.rows == 1, singleRow != .one {
      let own = worker.index
      let share =
        singleRow == .parts
        ? 0..<Int(lists.counts[own]) : lists.share(worker, of: own, unit: unit)
      body(0, lists.indices(of: own), share)
      return
    }
    let scored = scores.share(worker)
    lists.forEachRun(
      step, piece: piece,
      share: { row in
        singleRow == .parts
          ? lists.places(of: scored, row) : lists.share(worker, of: row, unit: unit)
      }, body: body)
  }

  /// The same a piece at a time, of at most a window.
  func forEachPiece(
    _ worker: Worker, _ step: StepState,
    _ body: (_ row: Int, _ neurons: UnsafePointer<Int32>, _ piece: Range<Int>) -> Void
  ) {
    forEachRun(worker, step, piece: NeuronWindow.neurons) { row, neurons, run in
      NeuronWindow.forEachPiece(of: run) { body(row, neurons, $0) }
    }
  }

  /// values[i] = activation of the neuron [i] of a list of `row`, for i in `part`, of at most a
  /// window.
  func activate(
    _ worker: Worker, _ row: Int, _ x: InputRows, _ neurons: UnsafePointer<Int32>,
    _ part: Range<Int>, into values: UnsafeMutablePointer<Float>
  ) {
    let others = window.others[worker] - part.lowerBound
    switch computed {
    case .activations(let all):
      for index in part { values[index] = all.row(row)[Int(neurons[index])] }
    case .gates(let all):
      up.multiply(neurons, part, x.source(row, for: up.matrix), into: others)
      for index in part {
        values[index] = all.row(row)[Int(neurons[index])] * others[index]
      }
    case .nothing:
      let first = gate ?? up
      first.multiply(neurons, part, x.source(row, for: first.matrix), into: values)
      if gate != nil { up.multiply(neurons, part, x.source(row, for: up.matrix), into: others) }
      let own = values + part.lowerBound
      sk_activate(
        activation, own, gate == nil ? nil : others + part.lowerBound, own, Int32(part.count))
    }
  }
}

extension Product {
  /// output[i] = the rows [i] of a list · x, with their bias, for i in `part`.
  fileprivate func multiply(
    _ rows: UnsafePointer<Int32>, _ part: Range<Int>, _ x: UnsafeRawPointer,
    into output: UnsafeMutablePointer<Float>
  ) {
    sk_gemv_rows(matrix, x, rows, Int32(part.lowerBound), Int32(part.upperBound), output)
    guard let bias else { return }
    for index in part { output[index] += bias[Int(rows[index])] }
  }
}

/// What each worker keeps of the neurons that it takes at a time; networks run one after the other
/// and share it.
struct NeuronWindow: BitwiseCopyable {
  /// Neurons whose rows and columns a worker takes at a time.
  static let neurons = 64

  /// Cuts places of a list into pieces of at most a window.
  static func forEachPiece(of run: Range<Int>, _ body: (Range<Int>) -> Void) {
    for start in stride(from: run.lowerBound, to: run.upperBound, by: neurons) {
      body(start..<min(start + neurons, run.upperBound))
    }
  }

  // `[neurons]` each: activations, products of up, and of the columns to read numbers and factors.
  let values: PerWorker<Float>
  let others: PerWorker<Float>
  let columns: PerWorker<Int32>
  let factors: PerWorker<Float>

  init(workers: Int, memory: OwnedMemory) {
    values = PerWorker(Self.neurons, workers: workers, memory: memory)
    others = PerWorker(Self.neurons, workers: workers, memory: memory)
    columns = PerWorker(Self.neurons, workers: workers, memory: memory)
    factors = PerWorker(Self.neurons, workers: workers, memory: memory)
  }
}
