internal import CSparrowKernels
import SparrowCore
import SparrowTransformer

/// One matrix by columns with its bias and where its products go.
struct ColumnProduct: BitwiseCopyable {
  let matrix: UnsafePointer<sk_columns>
  let bias: UnsafePointer<Float>?
  let output: StepBuffer
  /// Where its sums begin in a worker's result.
  let start: Int
}

/// Several matrices over one input of which only what is large counts: the columns of the rest are
/// not read.
///
/// Workers share out a row's large inputs, sum their columns into results of their own, and add
/// those up. In a batch every row has large inputs of its own; workers go through windows of
/// inputs, so that columns which several rows want are read once from memory.
struct MultiplyLargeKernel: BitwiseCopyable {
  let source: InputSource
  let products: UnsafePointer<ColumnProduct>
  let count: Int
  let input: StepInput
  /// Elements of the input.
  let width: Int
  /// Inputs of this size and below are left out.
  var threshold: Float
  /// Whether the products are added to their outputs.
  let isAdded: Bool
  let lists: LargeInputs
  let reads: NeuronReads
  let sums: PartialSums

  /// Inputs of a batch whose columns a worker takes at a time.
  private static let window = 64
  /// Large inputs of a single row that are cut apart nowhere.
  private static let unit = 16

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    sums.clear(worker, step)
    if step.rows == 1 {
      let found = lists.find(in: x[0], 0..<width, above: threshold, worker)
      addColumns(worker, 0, worker.share(of: found, unit: Self.unit))
    } else {
      let share = worker.share(of: width, unit: Self.window)
      for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.window) {
        let window = start..<min(start + Self.window, share.upperBound)
        for row in 0..<step.rows {
          let found = lists.find(in: x[row], window, above: threshold, worker)
          addColumns(worker, row, 0..<found)
        }
      }
    }
    if worker.index == 0 { reads.add(0, tokens: step.rows, neurons: 0) }
    worker.barrier()
    for index in 0..<count {
      let product = products[index]
      sums.addUp(
        worker, step, from: product.start, width: Int(product.matrix.pointee.rows),
        bias: product.bias, into: product.output, isAdded: isAdded)
    }
  }

  /// Gives away the large inputs of each row, before the operation runs.
  func forEachRow(
    _ worker: Worker, _ step: StepState,
    _ body: (_ row: Int, UnsafeBufferPointer<Int32>) -> Void
  ) {
    let x = input.rows(worker, step)
    for row in 0..<step.rows {
      let found = lists.find(in: x[row], 0..<width, above: threshold, worker)
      body(row, UnsafeBufferPointer(start: lists.indices[worker], count: found))
    }
  }

  /// Adds the columns of the large inputs `part` of the worker's list to its result for `row`.
  private func addColumns(_ worker: Worker, _ row: Int, _ part: Range<Int>) {
    for index in 0..<count {
      let product = products[index]
      sk_columns_acc_ahead(
        product.matrix, lists.indices[worker], lists.values[worker], Int32(part.lowerBound),
        Int32(part.upperBound), sums[worker, row] + product.start)
    }
    reads.addColumns(worker.index, part.count)
  }
}

/// The large ones among inputs, a list for each worker; operations run one after the other and
/// share them.
struct LargeInputs: BitwiseCopyable {
  /// `[width]` each.
  let indices: PerWorker<Int32>
  let values: PerWorker<Float>

  init(width: Int, workers: Int, memory: OwnedMemory) {
    indices = PerWorker(width, workers: workers, memory: memory)
    values = PerWorker(width, workers: workers, memory: memory)
  }

  /// Lists the inputs of `range` whose size is above `threshold`, ascending; returns how many there
  /// are.
  func find(
    in x: UnsafePointer<Float>, _ range: Range<Int>, above threshold: Float, _ worker: Worker
  ) -> Int {
    Int(
      sk_select_large(
        x + range.lowerBound, Int32(range.count), threshold, Int32(range.lowerBound),
        indices[worker], values[worker]))
  }
}
