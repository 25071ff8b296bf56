internal import CSparrowKernels
import SparrowCore

/// One matrix with its bias and where its products go.
struct Product: BitwiseCopyable {
  var matrix: UnsafePointer<sk_matrix>
  let bias: UnsafePointer<Float>?
  let output: StepBuffer

  var rows: Int { Int(matrix.pointee.rows) }

  /// output[t][r] = matrix[r] · input[t] + bias[r] for r in `range` and `tokens` rows of input from `first`.
  func run(_ range: Range<Int>, input: StepBuffer, from row: MatrixInput, tokens: Int) {
    guard !range.isEmpty else { return }
    let stride =
      sk_wants_quantized(matrix) != 0 ? input.quantizedStride : input.width * 4
    multiply(
      range, source(input, row), stride: stride, tokens: tokens, into: output.values,
      stride: output.width)
  }

  /// The input in the form that the matrix reads.
  func source(_ input: StepBuffer, _ row: MatrixInput) -> UnsafeRawPointer {
    sk_wants_quantized(matrix) != 0
      ? UnsafeRawPointer(input.quantizedRow(row.quantized)!)
      : UnsafeRawPointer(input.row(row.values))
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

/// The first row of a matrix's input, as values and quantised.
struct MatrixInput: BitwiseCopyable {
  let values: Int
  let quantized: Int

  /// A batch's rows, or of a single row what this worker made for itself: its quantised form, and its values
  /// too where a norm made them.
  init(_ worker: Worker, _ step: StepState, isPrivate: Bool) {
    quantized = step.rows == 1 ? worker.index : 0
    values = isPrivate ? quantized : 0
  }

  init(row: Int) {
    values = row
    quantized = row
  }

  /// The input that many rows on.
  func advanced(by rows: Int) -> MatrixInput {
    MatrixInput(values: values + rows, quantized: quantized + rows)
  }

  private init(values: Int, quantized: Int) {
    self.values = values
    self.quantized = quantized
  }
}

/// Several matrices over one input, their rows shared out as one run.
struct MultiplyKernel: BitwiseCopyable {
  let products: UnsafePointer<Product>
  let count: Int
  let input: StepBuffer
  /// The residual stream, where the (only) product is added to it.
  let residual: StepBuffer?
  /// The input comes from a norm, which gave each worker a row of its own and quantised it.
  let isNormed: Bool
  /// Which input of which layer it is; nil outside of layers.
  let source: InputSource?

  func run(_ worker: Worker, _ step: StepState) {
    // The matrices of one input may be of different formats.
    let quantized = (0..<count).first { sk_wants_quantized(products[$0].matrix) != 0 }
    if !isNormed, let quantized { input.quantize(for: products[quantized].matrix, worker, step) }
    let row = MatrixInput(worker, step, isPrivate: isNormed)
    let total = (0..<count).reduce(0) { $0 + products[$1].rows }
    let share = worker.share(of: total, unit: 16)
    var start = 0
    for index in 0..<count {
      let product = products[index]
      let range = share.clamped(to: start..<start + product.rows)
      let own = range.lowerBound - start..<range.upperBound - start
      product.run(own, input: input, from: row, tokens: step.rows)
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

extension StepBuffer {
  /// Quantises the step's rows for `matrix` where it wants them so: a single row by every worker for itself,
  /// which costs less than a barrier.
  func quantize(
    for matrix: UnsafePointer<sk_matrix>, _ worker: Worker, _ step: StepState
  ) {
    guard sk_wants_quantized(matrix) != 0 else { return }
    if step.rows == 1 {
      sk_quantize(values, Int32(width), quantizedRow(worker.index))
      return
    }
    for index in worker.share(of: step.rows) {
      sk_quantize(row(index), Int32(width), quantizedRow(index))
    }
    worker.barrier()
  }
}
