internal import CSparrowKernels
import SparrowCore
import SparrowTransformer

/// Logits of all vocabulary rows.
struct DenseHead {
  let product: Product
  let input: StepBuffer
  let finish: LogitFinish
  /// `[maximumLogitRows][vocabulary]`
  let logits: UnsafeMutablePointer<Float>

  init(matrix: UnsafePointer<sk_matrix>, input: StepBuffer, model: ModelConfiguration) {
    logits = .allocate(capacity: CPUEngine.maximumLogitRows * model.vocabulary)
    product = Product(
      matrix: matrix, bias: nil,
      output: StepBuffer(
        values: logits, width: model.vocabulary, quantized: nil))
    self.input = input
    finish = LogitFinish(model)
  }

  func run(_ worker: Worker, rows: Range<Int>) {
    let x = InputRows(input, from: rows.lowerBound, quantized: rows.lowerBound)
    if product.wantsQuantized {
      for row in worker.share(of: rows.count) { x.quantize(row) }
      worker.barrier()
    }
    let share = worker.share(of: product.rows, unit: 64)
    product.run(share, x, tokens: rows.count)
    for row in 0..<rows.count {
      finish.apply(product.output.row(row) + share.lowerBound, count: share.count)
    }
  }
}

/// What happens to raw logits: scale and cap.
struct LogitFinish {
  let scale: Float
  let softcap: Float

  init(_ model: ModelConfiguration) {
    scale = model.logitScale
    softcap = model.logitSoftcap
  }

  /// In place.
  func apply(_ logits: UnsafeMutablePointer<Float>, count: Int) {
    if scale != 1 { sk_scale(logits, scale, logits, Int32(count)) }
    if softcap != 0 { sk_softcap(logits, softcap, logits, Int32(count)) }
  }
}
