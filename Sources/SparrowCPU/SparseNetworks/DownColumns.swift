internal import CSparrowKernels
import SparrowCore

/// Down by columns, of which a network reads those of its activations, and where their sum goes.
///
/// Workers sum columns into results of their own, and add those up.
struct DownColumns: BitwiseCopyable {
  let matrix: UnsafePointer<sk_columns>
  /// nil also where something else adds it.
  let bias: UnsafePointer<Float>?
  /// Activations of this size and below read no column.
  let least: Float
  /// Where the result goes, and whether it is added there.
  let output: StepBuffer
  let isAdded: Bool
  let window: NeuronWindow
  let sums: PartialSums
  let reads: NeuronReads

  /// Asks for the columns of the neurons `part` of a list.
  func prefetch(_ neurons: UnsafePointer<Int32>, _ part: Range<Int>) {
    sk_columns_prefetch(matrix, neurons, Int32(part.lowerBound), Int32(part.upperBound))
  }

  /// Adds the columns of the neurons `part` of a list, of at most a window, to the worker's sum for
  /// `row`; zeros read none.
  func add(
    _ worker: Worker, _ row: Int, _ neurons: UnsafePointer<Int32>,
    _ values: UnsafePointer<Float>, _ part: Range<Int>
  ) {
    let (columns, factors) = (window.columns[worker], window.factors[worker])
    var count = 0
    for index in part {
      columns[count] = neurons[index]
      factors[count] = values[index]
      count += abs(values[index]) > least || values[index].isNaN ? 1 : 0
    }
    sk_columns_acc(matrix, columns, factors, 0, Int32(count), sums[worker, row])
    reads.addColumns(worker.index, count)
  }

  /// Each worker a share of the result, once all have added their columns.
  func addUp(_ worker: Worker, _ step: StepState) {
    sums.addUp(worker, step, width: output.width, bias: bias, into: output, isAdded: isAdded)
  }
}
