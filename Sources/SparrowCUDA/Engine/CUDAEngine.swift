package import SparrowCore
package import SparrowEngine
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

/// The CUDA backend: weights on a device, programs lowered to launches of kernels, and the buffers
/// of a step.
///
/// Steps are queued; the host waits where it reads results. What goes wrong on the device is kept
/// as `failure`: nothing runs any more, and what is read back means nothing.
package final class CUDAEngine: Backend, @unchecked Sendable {
  package let model: ModelConfiguration
  package let limits: BackendLimits
  package private(set) var plan = SparsePlan.dense
  package private(set) var runsPlannedHead = true
  package internal(set) var failure: SparrowError?

  let context: CUDAContext
  let pool: WorkerPool
  let operands: Operands
  private let deviceWeights: DeviceWeights
  private let dense: Lowering
  private let head: DeviceHead
  private let graphs: StepGraphs
  /// The head's input of a row, read back.
  private let hiddenRow: PinnedBuffer
  /// Rows whose logits the last step queued by itself.
  private var logitRows = 0..<0
  /// Something is queued that the host has not waited for.
  private var isBusy = false

  /// Packs the weights onto the device, `updates` merged, and allocates every buffer that stepping
  /// needs.
  ///
  /// The plan must fit the model (`SparsePlan.check`). Throws `.unsupported` for plans that do not
  /// run there, `.system` with both sizes where the device has too little memory.
  package init(
    _ binding: WeightBinding, library: KernelLibrary, pool: WorkerPool, maximumRows: Int = 256,
    plan: SparsePlan = .dense, updates: WeightUpdates = WeightUpdates()
  ) throws(SparrowError) {
    guard !plan.isSparse, updates.isEmpty else {
      throw SparrowError(
        .unsupported, file: binding.checkpoint.path, field: "device", found: "an adapter on cuda",
        expected: "--device cpu for it")
    }
    model = binding.configuration
    context = library.context
    self.pool = pool
    limits = BackendLimits(
      rows: maximumRows, logitRows: DeviceHead.maximumRows, sparseSequences: 16)
    deviceWeights = try DeviceWeights(
      binding, pool: pool, updates: updates, in: context)
    operands = Operands(
      model, weights: deviceWeights,
      buffers: try StepBuffers(model, maximumRows: maximumRows, in: context),
      inputs: try StepInputs(model, maximumRows: maximumRows, in: context),
      kernels: try StepKernels(library, model))
    dense = Lowering(StepProgram(model), operands)
    head = try DeviceHead(operands, input: dense.headInput, in: context)
    graphs = StepGraphs(context, widest: maximumRows)
    hiddenRow = try PinnedBuffer(4 * max(model.hidden, model.embeddingWidth), in: context)
    try context.synchronize()
  }

  package var weights: any BackendWeights { deviceWeights }
  package var freeMemory: Int? { try? context.freeMemory() }
  package func measureReads() -> Double? {
    try? DeviceBandwidth.measure(operands.kernels.library).reads
  }

  // MARK: - Plans

  package func install(_ plan: SparsePlan) { use(plan) }

  package func use(_ plan: SparsePlan) {
    precondition(!plan.isSparse, "a sparse plan on this device")
    self.plan = plan
  }

  package var touched: Touched { Touched() }

  // MARK: - Steps

  /// Does the device's work; after the first failure nothing is done any more, and all logits are
  /// zeros, of which any token may be chosen.
  func attempt(_ body: () throws(SparrowError) -> Void) {
    guard failure == nil else { return }
    do throws(SparrowError) { try body() } catch {
      failure = error
      head.clear()
    }
  }

  /// Waits until nothing is queued.
  func wait() {
    guard isBusy else { return }
    attempt { () throws(SparrowError) in try context.synchronize() }
    isBusy = false
  }

  /// Queues a step whose inputs are written.
  func run(_ shape: StepShape, batch: StepBatch) throws(SparrowError) {
    isBusy = true
    logitRows = 0..<0
    runsPlannedHead = !batch.isDense
    try operands.inputs.send(rows: shape.rows)
    if let probes = batch.probes { return try run(shape, probes) }
    let operations = dense.operations
    var shape = shape
    shape.isDecode = batch.phase == .decode
    let head = head
    let wantsHead = shape.isDecode && shape.rows <= DeviceHead.maximumRows
    try graphs.launch(.init(shape: shape, hasHead: wantsHead)) { () throws(SparrowError) in
      for operation in operations { try operation.launch(shape) }
      if wantsHead { try head.launch(0..<shape.rows) }
    }
    if wantsHead { logitRows = 0..<shape.rows }
  }

  private func run(_ shape: StepShape, _ probes: StepProbes) throws(SparrowError) {
    var watch = try StepWatch(probes, in: context)
    for operation in dense.operations {
      try operation.launch(shape)
      try watch.note(operation, rows: shape.rows)
    }
    watch.end()
  }

  // MARK: - Results

  package func hidden(row: Int) -> UnsafeBufferPointer<Float> {
    let input = operands.buffers[dense.headInput]
    let bytes = UnsafeMutableRawBufferPointer(rebasing: hiddenRow.memory[..<(4 * input.width)])
    attempt { () throws(SparrowError) in try context.read(input.from(row).address, into: bytes) }
    return UnsafeRawBufferPointer(bytes).bindMemory(to: Float.self)
  }

  package func logits(rows: Range<Int>) -> UnsafeBufferPointer<Float> {
    precondition(rows.count <= limits.logitRows && rows.upperBound <= limits.rows)
    if logitRows.lowerBound <= rows.lowerBound, rows.upperBound <= logitRows.upperBound {
      wait()
      return head.values(rows: rows)
    }
    logitRows = 0..<0
    isBusy = true
    attempt { () throws(SparrowError) in try head.launch(rows) }
    wait()
    return head.values(rows: 0..<rows.count)
  }

  package func outputs(of rows: Range<Int>, _ body: (HeadOutput) -> Void) {
    logits(of: rows) { body(HeadOutput(row: $0, logits: $1)) }
  }
}
