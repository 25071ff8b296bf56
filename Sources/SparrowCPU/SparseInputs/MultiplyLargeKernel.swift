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
/// those up. In a batch every row has large inputs of its own, and sums them up as the row alone
/// would; workers go through windows of inputs, so that columns which several rows want are read
/// once from memory.
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

  /// Large inputs of a row that are cut apart nowhere.
  private static let unit = 16

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    sums.clear(worker, step)
    if step.rows == 1 {
      // Every worker finds them for itself: that costs less than a barrier.
      lists.find(in: x[0], width, above: threshold, into: worker.index)
    } else {
      for row in stride(from: worker.index, to: step.rows, by: worker.count) {
        lists.find(in: x[row], width, above: threshold, into: row)
      }
      worker.barrier()
    }
    for index in 0..<count {
      let product = products[index]
      let piece = Int(sk_columns_piece(product.matrix))
      lists.forEachRun(worker, step, piece: piece, unit: Self.unit) { row, indices, values, run in
        sk_columns_acc_ahead(
          product.matrix, indices, values, Int32(run.lowerBound), Int32(run.upperBound),
          sums[worker, row] + product.start)
        if index == 0 { reads.addColumns(worker.index, run.count) }
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

  /// Gives away the large inputs of each row, before the operation runs; for what is not timed.
  func forEachRow(
    _ worker: Worker, _ step: StepState,
    _ body: (_ row: Int, UnsafeBufferPointer<Int32>) -> Void
  ) {
    let x = input.rows(worker, step)
    for row in 0..<step.rows {
      let found = x[row].indices(upTo: width, above: threshold)
      found.withUnsafeBufferPointer { body(row, $0) }
    }
  }
}

extension UnsafeMutablePointer<Float> {
  /// The indices below `count` of elements whose size is above `threshold`, or not a number.
  fileprivate func indices(upTo count: Int, above threshold: Float) -> [Int32] {
    (0..<Int32(count)).filter { !(abs(self[Int($0)]) <= threshold) }
  }
}
