internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// One or two linear maps with a bias: Deja Vu's predictor, LTE's router.
struct LinearKernel: BitwiseCopyable {
  private let a: UnsafePointer<sk_matrix>?
  private let b: UnsafePointer<sk_matrix>
  /// `[groups]`
  private let bias: UnsafePointer<Float>
  /// `[rows][rank]`
  private let middle: UnsafeMutablePointer<Float>
  /// A quantised input for each worker.
  private let quantized: QuantizedRows

  init(_ maps: LinearPredictor, workers: Int, memory: OwnedMemory) {
    a = maps.a.map { UnsafePointer(memory.matrix($0)) }
    b = UnsafePointer(memory.matrix(maps.b))
    bias = memory.copy(maps.bias)
    middle = memory.floats(StepState.maximumSparseRows * maps.b.columns)
    let columns = max(maps.a?.columns ?? 0, maps.b.columns)
    quantized = QuantizedRows(workers, width: columns, memory: memory)
  }

  func run(
    _ worker: Worker, _ step: StepState, _ x: InputRows, result: NeuronScores
  ) {
    if let a {
      let rank = Int(a.pointee.rows)
      for row in 0..<step.rows {
        multiply(a, x[row], middle + row * rank, worker)
      }
      worker.barrier()
      for row in 0..<step.rows {
        score(middle + row * rank, result.scores(of: row), worker)
      }
    } else {
      for row in 0..<step.rows {
        score(x[row], result.scores(of: row), worker)
      }
    }
  }

  private func score(
    _ x: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ worker: Worker
  ) {
    let own = multiply(b, x, scores, worker)
    sk_add_acc(bias + own.lowerBound, scores + own.lowerBound, Int32(own.count))
  }

  @discardableResult
  private func multiply(
    _ matrix: UnsafePointer<sk_matrix>, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ worker: Worker
  ) -> Range<Int> {
    let own = worker.share(of: Int(matrix.pointee.rows), unit: 4)
    let input =
      sk_wants_quantized(matrix) != 0
      ? quantized.quantize(x, Int(matrix.pointee.columns), into: worker.index)
      : UnsafeRawPointer(x)
    sk_gemv(matrix, input, y, Int32(own.lowerBound), Int32(own.upperBound))
    return own
  }
}
