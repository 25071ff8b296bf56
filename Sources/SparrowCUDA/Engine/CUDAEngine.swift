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
  package internal(set) var plan = SparsePlan.dense
  package private(set) var runsPlannedHead = true
  package internal(set) var failure: SparrowError?

  let context: CUDAContext
  let pool: WorkerPool
  let operands: Operands
  private let deviceWeights: DeviceWeights
  let dense: Lowering
  /// The dense step of one row as one kernel; nil where the model is none for it.
  private let lean: LeanStep?
  private let head: DeviceHead
  let graphs: StepGraphs
  /// The plan's program; nil where it is dense.
  var sparse: Lowering?
  /// What is sparse in the installed plan.
  var parts = SparseParts()
  /// The head's input of a row, read back.
  private let hiddenRow: PinnedBuffer
  private let gathered = GatheredLogits()
  /// nil where there is no more than the greatest of them.
  private let greatest: GreatestLogits?
  /// Rows of the last step whose logits are on the device, those of them that the host has too and
  /// those whose greatest it has; and the rows that a sparse head searched.
  private var logitRows = 0..<0
  private var copiedRows = 0..<0
  private var rankedRows = 0..<0
  private var searchedRows = 0..<0
  /// Something is queued that the host has not waited for.
  private var isBusy = false

  /// Packs the weights onto the device, `updates` merged, and allocates every buffer that stepping
  /// needs.
  ///
  /// The plan must fit the model (`SparsePlan.check`); what of it does not pay on the device runs
  /// dense unless `keepsUnpaying`, while plans that are installed later are taken as they are.
  /// Throws `.unsupported` for weights that have no layout there, `.system` with both sizes where
  /// the device has too little memory.
  package convenience init(
    _ binding: WeightBinding, library: KernelLibrary, pool: WorkerPool, maximumRows: Int = 256,
    plan: SparsePlan = .dense, keepsUnpaying: Bool = false,
    updates: WeightUpdates = WeightUpdates()
  ) throws(SparrowError) {
    try binding.configuration.requireDecoder(file: binding.checkpoint.path)
    let weights = try DeviceWeights(
      binding, pool: pool, updates: updates,
      layersAsHalves: LeanShape.wantsHalves(
        binding, updates, bandwidth: library.context.device.bandwidth),
      in: library.context)
    try self.init(
      binding.configuration, weights, library: library, pool: pool, maximumRows: maximumRows)
    install(keepsUnpaying ? plan : plan.paying(costs(rows: 1)))
    try check()
    try context.synchronize()
  }

  /// A dense one of weights that are on the device.
  init(
    _ model: ModelConfiguration, _ weights: DeviceWeights, library: KernelLibrary,
    pool: WorkerPool, maximumRows: Int
  ) throws(SparrowError) {
    self.model = model
    context = library.context
    self.pool = pool
    limits = BackendLimits(
      rows: maximumRows, logitRows: DeviceHead.maximumRows,
      sparseSequences: StepShape.sparseRows, gatheredLogits: GatheredLogits.limit,
      greatestLogits: GreatestLogits.count)
    deviceWeights = weights
    operands = Operands(
      model, weights: deviceWeights,
      buffers: try StepBuffers(model, maximumRows: maximumRows, in: context),
      inputs: try StepInputs(model, maximumRows: maximumRows, in: context),
      kernels: try StepKernels(library, model))
    dense = try Lowering(StepProgram(model), operands)
    head = try DeviceHead(operands, input: dense.headInput, in: context)
    greatest = try GreatestLogits(of: head.logits, rows: DeviceHead.maximumRows, library)
    lean = try LeanStep(operands, output: operands.buffers[dense.headInput], in: context)
    graphs = StepGraphs(context, widest: maximumRows)
    hiddenRow = try PinnedBuffer(4 * max(model.hidden, model.embeddingWidth), in: context)
  }

  /// What parts of a step of so many rows take on this device.
  func costs(rows: Int) -> StepCosts {
    StepCosts(
      bandwidth: context.device.bandwidth, model: model, weights: deviceWeights, rows: rows,
      isOneKernel: lean != nil)
  }

  package var weights: any BackendWeights { deviceWeights }
  package var freeMemory: Int? { try? context.freeMemory() }
  package func measureReads() -> Double? {
    try? DeviceBandwidth.measure(operands.kernels.library).reads
  }

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
    (logitRows, copiedRows, rankedRows, searchedRows) = (0..<0, 0..<0, 0..<0, 0..<0)
    runsPlannedHead = !batch.isDense
    let isSparse = runsSparse(batch)
    let operations = (isSparse ? sparse! : dense).operations
    if let probes = batch.probes {
      try operands.inputs.send(rows: shape.rows)
      return try run(operations, shape, probes)
    }
    var shape = shape
    shape.isDecode = batch.phase == .decode
    let own: StepGraphs.Head =
      !shape.isDecode || shape.rows > DeviceHead.maximumRows
      ? .none : runsPlannedHead && plan.head != nil ? .search : .dense
    let rows = 0..<shape.rows
    try graphs.launch(.init(shape: shape, isSparse: isSparse, head: own)) {
      () throws(SparrowError) in
      try operands.inputs.send(rows: shape.rows)
      if let lean, !isSparse, lean.does(shape) {
        try lean.launch()
      } else {
        for operation in operations { try operation.launch(shape) }
      }
      switch own {
      case .none: break
      case .dense: try rank(rows)
      case .search: try search(rows)
      }
    }
    if own == .dense { (logitRows, rankedRows) = (rows, rows) }
    if own == .search { searchedRows = rows }
  }

  private func run(
    _ operations: [LoweredOperation], _ shape: StepShape, _ probes: StepProbes
  ) throws(SparrowError) {
    var watch = try StepWatch(probes, in: context)
    for operation in operations {
      try watch.look(operation, shape)
      try operation.launch(shape)
      try watch.note(operation, rows: shape.rows)
    }
    watch.end()
  }

  /// Queues the dense head of rows of the last step, and the search for the greatest logits.
  private func rank(_ rows: Range<Int>) throws(SparrowError) {
    try head.launch(rows)
    try greatest?.launch(rows: rows.count)
  }

  /// Queues the sparse head's search for rows of the last step.
  private func search(_ rows: Range<Int>) throws(SparrowError) {
    let input = operands.buffers[dense.headInput]
    try parts.search?.launch(input.from(rows.lowerBound), rows: rows.count)
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
    if !logitRows.contains(rows) {
      (logitRows, copiedRows, rankedRows) = (rows, 0..<0, 0..<0)
      isBusy = true
      attempt { () throws(SparrowError) in try head.launch(rows) }
    }
    let places = places(rows)
    if !copiedRows.contains(rows) {
      copiedRows = rows
      isBusy = true
      attempt { () throws(SparrowError) in try head.copy(places) }
    }
    wait()
    return head.values(places)
  }

  /// Where rows of the step lie among those whose logits are on the device.
  private func places(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound - logitRows.lowerBound..<rows.upperBound - logitRows.lowerBound
  }

  package func greatest(of rows: Range<Int>, _ body: (HeadOutput) -> Void) {
    guard let greatest, plan.head == nil || !runsPlannedHead, failure == nil else {
      return outputs(of: rows, body)
    }
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: limits.logitRows) {
      let part = first..<min(first + limits.logitRows, rows.upperBound)
      if !rankedRows.contains(part) {
        (logitRows, copiedRows, rankedRows) = (part, 0..<0, part)
        isBusy = true
        attempt { () throws(SparrowError) in try rank(part) }
      }
      wait()
      for row in part {
        let found = failure == nil ? greatest.output(row - logitRows.lowerBound, row: row) : nil
        body(found ?? denseOutput(row: row))
      }
    }
  }

  package func output(row: Int, of ids: [Int32]) -> HeadOutput {
    gathered.take(ids, row: row, of: logits(rows: row..<row + 1))
  }

  package func outputs(of rows: Range<Int>, _ body: (HeadOutput) -> Void) {
    // The plan in use may have no head though the installed one has.
    guard plan.head != nil, let search = parts.search, runsPlannedHead, failure == nil else {
      logits(of: rows) { body(HeadOutput(row: $0, logits: $1)) }
      return
    }
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: StepShape.sparseRows) {
      let part = first..<min(first + StepShape.sparseRows, rows.upperBound)
      if searchedRows != part {
        searchedRows = 0..<0
        isBusy = true
        attempt { () throws(SparrowError) in try self.search(part) }
        searchedRows = part
      }
      wait()
      attempt { () throws(SparrowError) in try search.complete(rows: part.count) }
      for row in part {
        body(
          search.output(row - first, row: row)
            ?? HeadOutput(row: row, logits: logits(rows: row..<row + 1), fellBack: true))
      }
    }
  }
}
