internal import CSparrowKernels
package import SparrowCore
package import SparrowEngine
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

/// The CPU backend: packed weights, the programs lowered to kernel calls, and the buffers of a
/// step.
package final class CPUEngine: Backend, @unchecked Sendable {
  package let model: ModelConfiguration
  package let limits: BackendLimits
  let packed: PackedWeights
  let pool: WorkerPool
  package private(set) var plan = SparsePlan.dense

  let buffers: StepBuffers
  let head: VocabularyHead
  private let memory: ModelMemory
  /// What the plan's kinds of sparse layers need of the weights.
  private(set) var sparseParts: [any SparsePart] = []
  /// What a sequence keeps for what the parts leave out; nil for nothing.
  private(set) var deferredKeys: DeferredKeys.Layout?
  private let dense: LoweredProgram
  /// The plan's program; nil under a dense plan.
  private(set) var sparse: LoweredProgram?

  let segments: UnsafeMutablePointer<StepSegment>
  private let rotaries: [RotaryDescription]

  // What the jobs work on, and the jobs: made once, because a closure made for each token would be
  // allocated.
  private var current: StepState
  private var probes: StepProbes?
  private var runsSparse = false
  package internal(set) var runsPlannedHead = true
  private var runsSparseHead = false
  private var stepJob: (Worker) -> Void = { _ in }
  private var headJob: (Worker) -> Void = { _ in }

  /// Packs the weights, `updates` merged, and allocates every buffer that stepping needs.
  ///
  /// The plan must fit the model (`SparsePlan.check`). Throws `.mismatch` for updates that do not,
  /// and what packing throws.
  package init(
    _ binding: WeightBinding, pool: WorkerPool, maximumRows: Int = 256,
    plan: SparsePlan = .dense, updates: WeightUpdates = WeightUpdates(),
    progress: Progress = .none
  ) throws(SparrowError) {
    model = binding.configuration
    rotaries = model.rotaries
    self.pool = pool
    limits = BackendLimits(
      rows: maximumRows, logitRows: HeadKernel.maximumRows,
      sparseSequences: StepState.maximumSparseRows, gatheredLogits: SketchSearch.gatherLimit)
    try updates.check(binding, file: binding.checkpoint.path)
    let packed = try PackedWeights(binding, pool: pool, updates: updates, progress: progress)
    self.packed = packed
    buffers = StepBuffers(model, maximumTokens: max(maximumRows, pool.count))
    head = VocabularyHead(
      matrix: packed.matrix(binding.headRole), model: model, workers: pool.count)
    memory = ModelMemory(model: model, weights: packed, buffers: buffers)
    let lowering = Lowering(StepProgram(model), memory, head: head, workers: pool.count)
    dense = LoweredProgram(lowering, headInput: buffers[lowering.headInput])
    segments = .allocate(capacity: maximumRows)
    let none = UnsafeMutablePointer<Int32>(mutating: buffers.positions)
    current = StepState(rows: 0, tokens: none, segments: segments, segmentCount: 0)
    install(plan)
    stepJob = { [unowned(unsafe) self] in execute($0) }
    headJob = { [unowned(unsafe) self] in executeHead($0) }
  }

  deinit { segments.deallocate() }

  package var weights: any BackendWeights { packed }

  // MARK: - Plans

  /// Copies matrices by columns where new parts read columns: a fifth of a second for 30 networks
  /// of 1536 x 576.
  package func install(_ plan: SparsePlan) {
    if plan.head != self.plan.head { head.install(plan.head, input: dense.headInput) }
    let changes =
      plan.networks != self.plan.networks || plan.attention != self.plan.attention
      || plan.inputs != self.plan.inputs
    if changes { sparseParts = plan.parts(memory, pool: pool) }
    use(plan)
  }

  package func use(_ plan: SparsePlan) {
    self.plan = plan
    sparse = nil
    sparseParts.forEach { $0.use(plan) }
    deferredKeys = sparseParts.lazy.compactMap(\.deferredKeys).first
    guard plan.isSparse else { return }
    let lowering = Lowering(
      plan.rewrite(StepProgram(model)), memory, parts: sparseParts, head: head,
      workers: pool.count)
    sparse = LoweredProgram(lowering, headInput: buffers[lowering.headInput])
  }

  // MARK: - Steps

  func run(_ step: StepState, isSparse: Bool, probes: StepProbes?) {
    current = step
    runsSparse = isSparse
    self.probes = probes
    buffers.setPositions(step, rotaries)
    pool.runKept(stepJob)
    self.probes = nil
  }

  /// One worker's part of the current step.
  private func execute(_ worker: Worker) {
    let step = current
    let program = runsSparse ? sparse! : dense
    if !runsSparse, let catchUps = sparse?.catchUps, !catchUps.isEmpty {
      for kernel in catchUps { kernel.run(worker, step) }
      worker.barrier()
    }
    guard probes == nil else { return executeProbed(program, worker) }
    for operation in program.operations where operation.run(worker, step) { worker.barrier() }
  }

  /// The same under the eyes of probes, which see each operation before or after it runs.
  private func executeProbed(_ program: LoweredProgram, _ worker: Worker) {
    let step = current
    let probes = probes!
    let isFirst = worker.index == 0
    let isLookedAt = runsSparse && (probes.audit != nil || probes.selections != nil)
    let profiles = isFirst && probes.profile != nil
    var since = profiles ? monotonicSeconds() : 0
    for (operation, part) in zip(program.operations, program.parts) {
      if isLookedAt { look(probes, at: operation, worker, step) }
      if operation.run(worker, step) { worker.barrier() }
      if profiles {
        let now = monotonicSeconds()
        probes.profile?.add(now - since, to: part)
        since = now
      }
      if let observer = probes.observer, operation.isObserved {
        if isFirst { operation.show(to: observer, step) }
        worker.barrier()
      }
    }
    if profiles { probes.profile?.endStep() }
  }

  /// The head's operations for these rows of the last step.
  private func runHead(_ rows: Range<Int>, isSparse: Bool) {
    (current.firstLogit, current.logitCount) = (rows.lowerBound, rows.count)
    runsSparseHead = isSparse
    pool.runKept(headJob)
  }

  private func executeHead(_ worker: Worker) {
    let step = current
    for operation in (runsSparseHead ? sparse! : dense).head
    where operation.run(worker, step) { worker.barrier() }
  }

  // MARK: - Results

  package func hidden(row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: dense.headInput.row(row), count: dense.headInput.width)
  }

  package func logits(rows: Range<Int>) -> UnsafeBufferPointer<Float> {
    precondition(rows.count <= limits.logitRows && rows.upperBound <= limits.rows)
    runHead(rows, isSparse: false)
    return UnsafeBufferPointer(start: head.logits, count: rows.count * model.vocabulary)
  }

  package func outputs(of rows: Range<Int>, _ body: (HeadOutput) -> Void) {
    // The plan in use may have no head though the installed one has.
    guard plan.head != nil, let search = head.search, runsPlannedHead else {
      logits(of: rows) { body(HeadOutput(row: $0, logits: $1)) }
      return
    }
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: SketchSearch.maximumRows) {
      let part = first..<min(first + SketchSearch.maximumRows, rows.upperBound)
      runHead(part, isSparse: true)
      for row in part {
        body(
          search.output(row - first, row: row)
            ?? HeadOutput(row: row, logits: logits(rows: row..<row + 1), fellBack: true))
      }
    }
  }

  package func output(row: Int, of ids: [Int32]) -> HeadOutput {
    head.search!.gather(ids, row: row)
  }

  /// The sparse networks; nil where all are dense.
  var networks: SparseNetworks? { sparseParts.lazy.compactMap { $0 as? SparseNetworks }.first }

  package func neuronScores(layer: Int) -> [Float] {
    guard let scores = networks?.scores[layer] else { return [] }
    return Array(UnsafeBufferPointer(start: scores.scores(of: 0), count: scores.width))
  }

  package func layerRun(_ layer: Int?) -> any LayerRun { CPULayerRun(self, layer: layer) }

  package var touched: Touched {
    var touched = Touched()
    for part in sparseParts { part.note(in: &touched) }
    touched.headRows = head.search?.rowsPerCall
    return touched
  }
}
