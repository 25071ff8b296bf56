internal import CSparrowKernels
import SparrowCore

/// One matrix with its bias and where its products go.
struct Product: BitwiseCopyable {
  var matrix: UnsafePointer<sk_matrix>
  let bias: UnsafePointer<Float>?
  let output: StepBuffer

  var rows: Int { Int(matrix.pointee.rows) }

  /// Whether the matrix reads its input in 8 bits.
  var wantsQuantized: Bool { sk_wants_quantized(matrix) != 0 }

  /// output[t][r] = matrix[r] · x[t] + bias[r] for r in `range` and the first `tokens` rows of `x`.
  func run(_ range: Range<Int>, _ x: InputRows, tokens: Int) {
    guard !range.isEmpty else { return }
    multiply(
      range, x.source(for: matrix), stride: x.stride(for: matrix), tokens: tokens,
      into: output.values, stride: output.width)
  }

  /// The same from inputs at every `inputStride` bytes to results at every `outputStride` elements.
  func multiply(
    _ range: Range<Int>, _ x: UnsafeRawPointer, stride inputStride: Int, tokens: Int,
    into target: UnsafeMutablePointer<Float>, stride outputStride: Int
  ) {
    let first = Int32(range.lowerBound)
    let last = Int32(range.upperBound)
    if tokens == 1 {
      sk_gemv(matrix, x, target, first, last)
    } else {
      sk_gemm(
        matrix, x, inputStride, Int32(tokens), target, Int64(outputStride), first, last)
    }
    guard let bias else { return }
    for token in 0..<tokens {
      sk_add_acc(
        bias + range.lowerBound, target + token * outputStride + range.lowerBound,
        Int32(range.count))
    }
  }
}

/// Several matrices over one input, their rows shared out as one run.
struct MultiplyKernel: BitwiseCopyable {
  let products: UnsafePointer<Product>
  let count: Int
  let input: StepInput
  /// The residual stream, where the (only) product is added to it.
  let residual: StepBuffer?

  func run(_ worker: Worker, _ step: StepState) {
    // The matrices of one input may be of different formats.
    let isQuantized = (0..<count).contains { products[$0].wantsQuantized }
    let x = input.rows(worker, step, quantized: isQuantized)
    let total = (0..<count).reduce(0) { $0 + products[$1].rows }
    let share = worker.share(of: total, unit: 16)
    var start = 0
    for index in 0..<count {
      let product = products[index]
      let range = share.clamped(to: start..<start + product.rows)
      let own = range.lowerBound - start..<range.upperBound - start
      product.run(own, x, tokens: step.rows)
      if let residual, !own.isEmpty {
        for token in 0..<step.rows {
          sk_add_acc(
            product.output.row(token) + own.lowerBound, residual.row(token) + own.lowerBound,
            Int32(own.count))
        }
      }
      start += product.rows
    }
  }
}
