internal import CSparrowKernels
import SparrowCore
import SparrowTransformer

/// Logits of all vocabulary rows, for the rows of a step that want them.
struct HeadKernel: BitwiseCopyable {
  /// Its output is `[maximumRows][vocabulary]`.
  let product: Product
  let input: StepBuffer
  let finish: LogitFinish

  /// Rows of logits that one call computes at most.
  static let maximumRows = 16

  func run(_ worker: Worker, _ step: StepState) {
    let rows = step.logitRows
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
struct LogitFinish: BitwiseCopyable {
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
