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
  let lists: IndexLists
  let singleRow: SingleRowLists
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

  /// The network's input as this worker reads it.
  func x(_ worker: Worker, _ step: StepState) -> InputRows {
    let isQuantized = up.wantsQuantized || gate?.wantsQuantized ?? false
    return input.rows(worker, step, quantized: isQuantized)
  }

  /// Gives away this worker's parts of the rows' lists, as `IndexLists.forEachPart`.
  func forEachPart(
    _ worker: Worker, _ step: StepState, window: Int = NeuronWindow.neurons,
    _ body: (_ row: Int, _ neurons: UnsafePointer<Int32>, _ part: Range<Int>) -> Void
  ) {
    guard step.rows == 1, singleRow != .one else {
      lists.forEachPart(worker, step, window: window, body)
      return
    }
    let own = Int(lists.counts[worker.index])
    let share = singleRow == .parts ? 0..<own : worker.share(of: own, unit: 4)
    lists.forEachPart(of: worker.index, share, window: window) { body(0, $0, $1) }
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
