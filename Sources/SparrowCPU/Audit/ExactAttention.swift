import SparrowCore

/// Memory for the results of all heads of a layer; layers run one after the other and share it.
struct ExactAttention {
  let attended: StepBuffer
  private let query: StepBuffer
  private let memory = OwnedMemory()

  /// `width` elements of all heads of the widest layer.
  init(width: Int) {
    let values = memory.floats(2 * StepState.maximumSparseRows * width)
    func buffer(_ index: Int) -> StepBuffer {
      StepBuffer(
        values: values + index * StepState.maximumSparseRows * width, width: width, quantized: nil)
    }
    attended = buffer(0)
    query = buffer(1)
  }

  /// All heads' queries, each worker a share.
  func project(_ kernel: ProjectHeadGroupsKernel, _ worker: Worker, _ step: StepState) {
    let matrix = kernel.query.matrix
    let product = Product(
      matrix: matrix, bias: kernel.query.bias,
      output: query.narrowed(to: kernel.query.output.width))
    product.run(
      worker.share(of: product.rows, unit: 16),
      kernel.input.rows(worker, step, quantized: product.wantsQuantized), tokens: step.rows)
  }

  /// Norms and rotates them.
  func prepare(_ heads: AttentionHeadsKernel, _ worker: Worker, _ step: StepState) {
    var own = heads
    own.query = query.narrowed(to: heads.query.width)
    for item in worker.share(of: step.rows * heads.attention.heads) {
      let (row, head) = item.quotientAndRemainder(dividingBy: heads.attention.heads)
      own.prepareQuery(head: head, row: row)
    }
  }

  /// Their attention over the cache, which holds this step's keys and values.
  func attend(_ kernel: AttendKernel, _ worker: Worker, _ step: StepState) {
    var own = kernel
    own.query = query.narrowed(to: kernel.query.width)
    own.output = attended.narrowed(to: kernel.output.width)
    own.run(worker, step)
  }
}
