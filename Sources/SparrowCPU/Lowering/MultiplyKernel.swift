internal import CSparrowKernels
import SparrowCore

/// One matrix with its bias and where its products go.
struct Product: BitwiseCopyable {
  let matrix: UnsafePointer<sk_matrix>
  let bias: UnsafePointer<Float>?
  let output: StepBuffer

  var rows: Int { Int(matrix.pointee.rows) }

  /// output[t][r] = matrix[r] · input[t] + bias[r] for `tokens` rows of input from 0 and r in `range`.
  func run(_ range: Range<Int>, input: StepBuffer, tokens: Int) {
    guard !range.isEmpty else { return }
    let wantsQuantized = sk_wants_quantized(matrix) != 0
    let x = wantsQuantized ? UnsafeRawPointer(input.quantized!) : UnsafeRawPointer(input.values)
    let first = Int32(range.lowerBound)
    let last = Int32(range.upperBound)
    if tokens == 1 {
      sk_gemv(matrix, x, output.values, first, last)
    } else {
      let stride = wantsQuantized ? input.quantizedStride : input.width * 4
      sk_gemm(
        matrix, x, stride, Int32(tokens), output.values, Int64(output.width), first, last)
    }
    guard let bias else { return }
    for token in 0..<tokens {
      sk_add_acc(
        bias + range.lowerBound, output.row(token) + range.lowerBound, Int32(range.count))
    }
  }
}

/// Several matrices over one input, their rows shared out as one run.
struct MultiplyKernel: BitwiseCopyable {
  let products: UnsafePointer<Product>
  let count: Int
  let input: StepBuffer
  /// The residual stream, where the (only) product is added to it.
  let residual: StepBuffer?
  /// The input must be quantised first (it comes from an operation that does not).
  let quantizes: Bool

  func run(_ worker: Worker, _ step: StepState) {
    if quantizes {
      for row in worker.share(of: step.rows) {
        sk_quantize(input.row(row), Int32(input.width), input.quantizedRow(row))
      }
      worker.barrier()
    }
    let total = (0..<count).reduce(0) { $0 + products[$1].rows }
    let share = worker.share(of: total, unit: 16)
    var start = 0
    for index in 0..<count {
      let product = products[index]
      let range = share.clamped(to: start..<start + product.rows)
      let own = range.lowerBound - start..<range.upperBound - start
      product.run(own, input: input, tokens: step.rows)
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
