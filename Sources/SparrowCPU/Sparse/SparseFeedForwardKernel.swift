internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// A feed-forward network over selected neurons: their rows of gate and up, their columns of down.
///
/// Workers share out each row's neurons, sum their columns into results of their own, and add those up. In a
/// batch every row keeps its own selection; workers go through windows of neurons, so that weights which
/// several rows want are read once from memory.
struct SparseFeedForwardKernel: BitwiseCopyable {
  let layer: Int
  let activation: sk_activation
  /// nil when the network has no gate.
  let gate: Product?
  let up: Product
  /// nil where the whole of down is read.
  let down: UnsafePointer<sk_columns>?
  let downBias: UnsafePointer<Float>?
  let input: StepInput
  /// Where the result goes, and whether it is added there.
  let output: StepBuffer
  let isAdded: Bool
  private(set) var selection: NeuronLists
  let singleRow: SingleRowLists
  /// What predicting computed of the network itself.
  let known: Known
  /// All of down, or of its sketch, over the activations that the sketch estimates; nil where only selected neurons
  /// count. Those have their exact activations among them where `down` is nil, else zeros.
  let rest: MultiplyKernel?
  /// The whole network, for where nothing is known.
  let network: UnsafePointer<sk_network>
  /// Activations of this size and below read no column.
  let leastKept: Float
  /// Chooses among the exact activations; nil where their sizes alone decide.
  let kept: KeptNeurons?
  let reads: NeuronReads
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
    var own = self
    if singleRow != .one, step.rows == 1 { own.selection = selection.from(worker.index) }
    own.touch(worker, step)
  }

  private func touch(_ worker: Worker, _ step: StepState) {
    let isQuantized = up.wantsQuantized || gate?.wantsQuantized ?? false
    let first = input.rows(worker, step, quantized: isQuantized)
    if let rest, down == nil {
      refine(rest.input.buffer, worker, step, first)
      worker.barrier()
      rest.run(worker, step)
      return
    }
    for row in 0..<step.rows {
      work.result(worker, row).update(repeating: 0, count: work.stride)
    }
    if let kept {
      forEachPart(of: selection, worker, step) { row, part in
        activate(worker, row, first, part, into: kept.activations(of: row))
      }
      worker.barrier()
      kept.choose(worker, step, of: selection)
      worker.barrier()
      forEachPart(of: kept.lists, worker, step) { row, part in
        sk_columns_prefetch(
          down!, kept.lists.neurons(of: row), Int32(part.lowerBound), Int32(part.upperBound))
        addColumns(worker, row, kept.lists, kept.activations(of: row), part)
      }
    } else if case .nothing = known {
      let window = step.rows == 1 ? selection.width : Self.window
      forEachPart(of: selection, worker, step, window: window) { row, part in
        touch(worker, row, first, part)
        if let rest { clear(rest.input.buffer, row, part) }
      }
    } else {
      forEachPart(of: selection, worker, step) { row, part in
        sk_columns_prefetch(
          down!, selection.neurons(of: row), Int32(part.lowerBound), Int32(part.upperBound))
        let values = work.values(worker) - part.lowerBound
        activate(worker, row, first, part, into: values)
        addColumns(worker, row, selection, values, part)
      }
    }
    worker.barrier()
    // Each worker's share of the rest are the elements that it adds up.
    rest?.run(worker, step)
    work.addUp(
      worker, step, width: output.width, bias: rest == nil ? downBias : nil, into: output,
      isAdded: isAdded || rest != nil)
  }

  /// Takes the estimates of the selected neurons away.
  private func clear(_ activations: StepBuffer, _ row: Int, _ part: Range<Int>) {
    let neurons = selection.neurons(of: row)
    for index in part { activations.row(row)[Int(neurons[index])] = 0 }
  }

  /// Puts the exact activations of the selected neurons in the place of their estimates.
  private func refine(
    _ activations: StepBuffer, _ worker: Worker, _ step: StepState, _ first: InputRows
  ) {
    forEachPart(of: selection, worker, step) { row, part in
      let values = work.values(worker) - part.lowerBound
      activate(worker, row, first, part, into: values)
      let neurons = selection.neurons(of: row)
      for index in part { activations.row(row)[Int(neurons[index])] = values[index] }
    }
  }

  /// This worker's parts of the rows' lists: of a single row's a share of its neurons, of a batch's windows of
  /// neurons by their numbers, all rows in each.
  private func forEachPart(
    of lists: NeuronLists, _ worker: Worker, _ step: StepState, window: Int = Self.window,
    _ body: (_ row: Int, _ part: Range<Int>) -> Void
  ) {
    let isBatch = step.rows > 1
    let total = isBatch ? selection.width : Int(lists.counts[0])
    let share =
      isBatch || singleRow != .parts
      ? worker.share(of: total, unit: isBatch ? window : 4) : 0..<total
    for start in stride(from: share.lowerBound, to: share.upperBound, by: window) {
      let end = min(start + window, share.upperBound)
      for row in 0..<step.rows {
        let part =
          isBatch ? lists.place(of: start, row)..<lists.place(of: end, row) : start..<end
        if !part.isEmpty { body(row, part) }
      }
    }
  }

  /// Adds what the selected neurons `part` of `row` make to the worker's result.
  private func touch(_ worker: Worker, _ row: Int, _ x: InputRows, _ part: Range<Int>) {
    let columns = sk_network_acc(
      network, gate.map { x.source(row, for: $0.matrix) }, x.source(row, for: up.matrix), selection.neurons(of: row),
      Int32(part.lowerBound), Int32(part.upperBound), work.result(worker, row))
    reads.addColumns(worker.index, Int(columns))
  }

  /// values[i] = activation of the selected neuron [i] of `row`, for i in `part`.
  private func activate(
    _ worker: Worker, _ row: Int, _ first: InputRows, _ part: Range<Int>,
    into values: UnsafeMutablePointer<Float>
  ) {
    let neurons = selection.neurons(of: row)
    let x = { (product: Product) in first.source(row, for: product.matrix) }
    let others = work.others(worker) - part.lowerBound
    switch known {
    case .activations(let all):
      for index in part { values[index] = all.row(row)[Int(neurons[index])] }
    case .gates(let all):
      multiply(up, x(up), neurons, part, others)
      for index in part {
        values[index] = all.row(row)[Int(neurons[index])] * others[index]
      }
    case .nothing:
      multiply(gate ?? up, x(gate ?? up), neurons, part, values)
      if gate != nil { multiply(up, x(up), neurons, part, others) }
      let own = values + part.lowerBound
      sk_activate(
        activation, own, gate == nil ? nil : others + part.lowerBound, own, Int32(part.count))
    }
  }

  /// output[i] = rows of `product` for the neurons [i], with their bias.
  private func multiply(
    _ product: Product, _ x: UnsafeRawPointer, _ neurons: UnsafePointer<Int32>, _ part: Range<Int>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    sk_gemv_rows(
      product.matrix, x, neurons, Int32(part.lowerBound), Int32(part.upperBound),
      output)
    guard let bias = product.bias else { return }
    for index in part { output[index] += bias[Int(neurons[index])] }
  }

  /// Adds the columns of the neurons `part` of a list to the worker's result for `row`; zeros read none.
  private func addColumns(
    _ worker: Worker, _ row: Int, _ lists: NeuronLists, _ values: UnsafePointer<Float>,
    _ part: Range<Int>
  ) {
    let neurons = lists.neurons(of: row)
    let chosen = work.chosen(worker)
    let factors = work.factors(worker)
    var count = 0
    for index in part {
      chosen[count] = neurons[index]
      factors[count] = values[index]
      count += abs(values[index]) > leastKept || values[index].isNaN ? 1 : 0
    }
    sk_columns_acc(down!, chosen, factors, 0, Int32(count), work.result(worker, row))
    reads.addColumns(worker.index, count)
  }
}
