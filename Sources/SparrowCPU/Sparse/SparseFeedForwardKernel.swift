internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// A feed-forward network over selected neurons: their rows of gate and up, their columns of down.
///
/// Workers share out each row's neurons, sum their columns into results of their own, and add those up. In a
/// batch every row keeps its own selection; workers go through windows of neurons, so that weights which
/// several rows want are read once from memory.
struct SparseFeedForwardKernel: BitwiseCopyable {
  let activation: sk_activation
  /// nil when the network has no gate.
  let gate: Product?
  let up: Product
  let down: UnsafePointer<sk_columns>
  let downBias: UnsafePointer<Float>?
  let input: StepBuffer
  let isNormed: Bool
  /// Where the result goes, and whether it is added there.
  let output: StepBuffer
  let isAdded: Bool
  let selection: NeuronScores
  /// What predicting computed of the network itself.
  let known: Known
  let work: SparseWork

  enum Known: BitwiseCopyable {
    case nothing
    /// activation(gate) of all neurons.
    case gates(StepBuffer)
    /// The activations of all neurons.
    case activations(StepBuffer)
  }

  /// Neurons whose rows and columns a worker takes at a time.
  private static let window = 64

  func run(_ worker: Worker, _ step: StepState) {
    let first = MatrixInput(worker, step, isPrivate: isNormed)
    if !isNormed { input.quantize(for: up.matrix, worker, step) }
    for row in 0..<step.rows {
      work.result(worker, row).update(repeating: 0, count: work.stride)
    }
    if step.rows == 1 {
      let share = worker.share(of: Int(selection.counts[0]))
      for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.window) {
        touch(worker, 0, first, start..<min(start + Self.window, share.upperBound))
      }
    } else {
      touchBatch(worker, step, first)
    }
    worker.barrier()
    addUp(worker, step)
  }

  /// Windows of neurons by their numbers, all rows of the batch in each.
  private func touchBatch(_ worker: Worker, _ step: StepState, _ first: MatrixInput) {
    let share = worker.share(of: selection.width, unit: Self.window)
    for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.window) {
      let end = min(start + Self.window, share.upperBound)
      for row in 0..<step.rows {
        let from = place(of: start, row)
        let to = place(of: end, row)
        touch(worker, row, first.advanced(by: row), from..<to)
      }
    }
  }

  /// Index of the first selected neuron of a row from `neuron` on.
  private func place(of neuron: Int, _ row: Int) -> Int {
    let neurons = selection.neurons(of: row)
    var low = 0
    var high = Int(selection.counts[row])
    while low < high {
      let middle = (low + high) / 2
      if neurons[middle] < Int32(neuron) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds the columns of the selected neurons `part` to the worker's result for `row`.
  private func touch(_ worker: Worker, _ row: Int, _ x: MatrixInput, _ part: Range<Int>) {
    guard !part.isEmpty else { return }
    let neurons = selection.neurons(of: row)
    let begin = Int32(part.lowerBound)
    let end = Int32(part.upperBound)
    let values = work.values(worker) - part.lowerBound
    let others = work.others(worker) - part.lowerBound
    sk_columns_prefetch(down, neurons, begin, end)
    switch known {
    case .activations(let all):
      for index in part { values[index] = all.row(row)[Int(neurons[index])] }
    case .gates(let all):
      multiply(up, x, neurons, part, others)
      for index in part {
        values[index] = all.row(row)[Int(neurons[index])] * others[index]
      }
    case .nothing:
      multiply(gate ?? up, x, neurons, part, values)
      if gate != nil { multiply(up, x, neurons, part, others) }
      let own = values + part.lowerBound
      sk_activate(
        activation, own, gate == nil ? nil : others + part.lowerBound, own, Int32(part.count))
    }
    addColumns(worker, row, neurons, values, part)
  }

  /// output[i] = rows of `product` for the neurons [i], with their bias.
  private func multiply(
    _ product: Product, _ x: MatrixInput, _ neurons: UnsafePointer<Int32>, _ part: Range<Int>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let source =
      sk_wants_quantized(product.matrix) != 0
      ? UnsafeRawPointer(input.quantizedRow(x.quantized)!)
      : UnsafeRawPointer(input.row(x.values))
    sk_gemv_rows(
      product.matrix, source, neurons, Int32(part.lowerBound), Int32(part.upperBound), output)
    guard let bias = product.bias else { return }
    for index in part { output[index] += bias[Int(neurons[index])] }
  }

  /// Only activations that are not zero read their column.
  private func addColumns(
    _ worker: Worker, _ row: Int, _ neurons: UnsafePointer<Int32>,
    _ values: UnsafeMutablePointer<Float>, _ part: Range<Int>
  ) {
    let least = work.leastKept
    let chosen = work.chosen(worker)
    let kept = work.kept(worker)
    var count = 0
    for index in part {
      chosen[count] = neurons[index]
      kept[count] = values[index]
      count += abs(values[index]) > least || values[index].isNaN ? 1 : 0
    }
    sk_columns_acc(down, chosen, kept, 0, Int32(count), work.result(worker, row))
  }

  /// The workers' results, each worker a share of the columns.
  private func addUp(_ worker: Worker, _ step: StepState) {
    let share = worker.share(of: output.width, unit: 16)
    guard !share.isEmpty else { return }
    let count = Int32(share.count)
    for row in 0..<step.rows {
      let target = output.row(row) + share.lowerBound
      if !isAdded { target.update(repeating: 0, count: share.count) }
      for other in 0..<worker.count {
        sk_add_acc(work.result(other, row) + share.lowerBound, target, count)
      }
      if let downBias { sk_add_acc(downBias + share.lowerBound, target, count) }
    }
  }
}

/// Memory that sparse feed-forward networks work in; layers run one after the other and share it.
struct SparseWork: BitwiseCopyable {
  /// Elements that a result takes: its width padded to what products by columns write.
  let stride: Int
  /// Activations of this size and below read no column.
  var leastKept: Float = 0
  private let results: UnsafeMutablePointer<Float>
  private let floats: UnsafeMutablePointer<Float>
  private let numbers: UnsafeMutablePointer<Int32>
  /// More than a window of neurons, and of whole cache lines.
  private static let room = 128

  init(width: Int, workers: Int, memory: Scratch) {
    stride = (width + 63) / 64 * 64
    results = memory.floats(workers * NeuronScores.maximumRows * stride)
    floats = memory.floats(workers * 3 * Self.room)
    numbers = memory.integers(workers * Self.room)
  }

  func result(_ worker: Worker, _ row: Int) -> UnsafeMutablePointer<Float> {
    result(worker.index, row)
  }
  func result(_ worker: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
    results + (worker * NeuronScores.maximumRows + row) * stride
  }
  func values(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 0) }
  func others(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 1) }
  func kept(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 2) }
  func chosen(_ worker: Worker) -> UnsafeMutablePointer<Int32> {
    numbers + worker.index * Self.room
  }

  private func part(_ worker: Worker, _ index: Int) -> UnsafeMutablePointer<Float> {
    floats + (worker.index * 3 + index) * Self.room
  }
}
