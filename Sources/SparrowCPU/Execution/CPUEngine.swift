internal import CSparrowKernels
package import SparrowCore
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

/// The CPU backend: one model's packed weights, its lowered program, and the buffers of one step.
///
/// One step runs at a time; sequences differ only by their caches. Not safe for concurrent use.
package final class CPUEngine: @unchecked Sendable {
  package let model: ModelConfiguration
  package let weights: PackedWeights
  package let pool: WorkerPool
  /// Rows that one step takes at most.
  package let maximumRows: Int
  /// Rows of logits that one call computes at most.
  package static let maximumLogitRows = 16

  /// What is sparse now.
  package private(set) var plan = SparsePlan.dense

  let buffers: StepBuffers
  private let memory: ModelMemory
  private let lowering: Lowering
  private let operations: UnsafeMutableBufferPointer<LoweredOperation>
  /// What the plan's parts need of the weights, and the program with them, which narrow steps of
  /// decoding run; empty without sparse layers.
  private(set) var sparseParts: [any SparsePart] = []
  private var sparseLowering: Lowering?
  private(set) var sparseOperations = UnsafeMutableBufferPointer<LoweredOperation>(
    start: nil, count: 0)
  private(set) var catchUps = UnsafeMutableBufferPointer<CatchUpKernel>(start: nil, count: 0)
  let segments: UnsafeMutablePointer<StepSegment>
  private let rotaries: [RotaryDescription]
  /// The length beyond which sequences turn by other frequencies.
  let beyond: Int?
  private let head: DenseHead
  private var sketchHead: SketchHead?

  /// Runs the dense program though there is a sparse one: both share their weights, so that they can be
  /// compared in one process.
  package var runsDense = false

  /// Where steps spend their time, while it is not nil.
  package var profile: StepProfile?

  /// Counts what sparse steps touch, while it is not nil.
  package var audit: StepAudit?

  /// Sees every dense feed-forward network's input and activations, while the other workers wait.
  package var observer: ((FeedForwardObservation) -> Void)?

  /// Sees every dense attention's input and its heads' results, while the other workers wait.
  package var attentionObserver: ((AttentionObservation) -> Void)?

  // What the jobs work on, and the jobs: made once, because a closure made for each token would be allocated.
  private var current: StepState
  private var logitRows = 0..<0
  private var outputRow = 0
  private let headRole: WeightRole
  private var stepJob: (Worker) -> Void = { _ in }
  private var logitJob: (Worker) -> Void = { _ in }
  private var sketchJob: (Worker) -> Void = { _ in }

  /// Bytes that one decoding step reads densely: all matrices but looked-up embeddings.
  private let denseBytesPerToken: Int

  /// Packs the weights, `updates` merged, and allocates every buffer that stepping needs.
  ///
  /// The plan must fit the model (`SparsePlan.check`). Throws `.mismatch` for updates that do not.
  package init(
    _ binding: WeightBinding, pool: WorkerPool, maximumRows: Int = 256,
    plan: SparsePlan = .dense, updates: WeightUpdates = WeightUpdates()
  ) throws(SparrowError) {
    model = binding.configuration
    rotaries = model.rotaries
    beyond = model.longRotaryBeyond
    self.pool = pool
    self.maximumRows = maximumRows
    try updates.check(binding, file: binding.checkpoint.path)
    weights = try PackedWeights(binding, pool: pool, updates: updates)
    buffers = StepBuffers(model, maximumTokens: max(maximumRows, pool.count))
    memory = ModelMemory(model: model, weights: weights, buffers: buffers)
    lowering = Lowering(StepProgram(model), memory, workers: pool.count)
    operations = .allocate(capacity: lowering.operations.count)
    _ = operations.initialize(from: lowering.operations)
    segments = .allocate(capacity: maximumRows)
    let none = UnsafeMutablePointer<Int32>(mutating: buffers.positions)
    current = StepState(rows: 0, tokens: none, segments: segments, segmentCount: 0)
    head = DenseHead(
      matrix: weights.matrix(binding.headRole), input: buffers[lowering.headInput], model: model)
    var looked: [WeightRole] = [WeightRole(.positionEmbedding)]
    if !model.tiedHead { looked.append(WeightRole(.tokenEmbedding)) }
    var bytes = weights.byteCount
    for role in looked { bytes -= weights.byteCount(of: role) ?? 0 }
    denseBytesPerToken = bytes
    headRole = binding.headRole
    install(plan)
    makeJobs()
  }

  /// Makes the model sparse by a plan that fits it, in place of the one before.
  ///
  /// Copies matrices by columns where new parts read columns: a fifth of a second for 30 networks
  /// of 1536 x 576. Caches that steps of sparse attention have filled must not be used any more.
  package func install(_ plan: SparsePlan) {
    if plan.head != self.plan.head { install(head: plan.head) }
    let changes =
      plan.networks != self.plan.networks || plan.attention != self.plan.attention
      || plan.inputs != self.plan.inputs
    if changes { sparseParts = plan.parts(memory, pool: pool) }
    select(plan)
  }

  private func install(head: SketchedHead?) {
    sketchHead = head.map {
      SketchHead(
        $0, matrix: weights.matrix(headRole), input: buffers[lowering.headInput],
        finish: LogitFinish(model), workers: pool.count)
    }
  }

  /// Runs this plan from now on: the layers of the installed one, or some of them, with the same
  /// predictors and perhaps other selectors. Starts counting anew. Caches must be cleared where
  /// attention's plans differ.
  package func select(_ plan: SparsePlan) {
    self.plan = plan
    sparseOperations.deallocate()
    catchUps.deallocate()
    sparseOperations = .init(start: nil, count: 0)
    catchUps = .init(start: nil, count: 0)
    sparseParts.forEach { $0.use(plan) }
    guard plan.hasSparseLayers else { return }
    let lowering = Lowering(
      plan.rewrite(StepProgram(model)), memory, parts: sparseParts, workers: pool.count)
    sparseLowering = lowering
    catchUps = .allocate(capacity: lowering.catchUps.count)
    _ = catchUps.initialize(from: lowering.catchUps)
    sparseOperations = .allocate(capacity: lowering.operations.count)
    _ = sparseOperations.initialize(from: lowering.operations)
  }

  /// The sparse networks; nil where all are dense.
  var networks: SparseNetworks? { sparseParts.lazy.compactMap { $0 as? SparseNetworks }.first }

  private func makeJobs() {
    stepJob = { [unowned(unsafe) self] in execute($0) }
    logitJob = { [unowned(unsafe) self] in head.run($0, rows: logitRows) }
    sketchJob = { [unowned(unsafe) self] in sketchHead?.run($0, row: outputRow) }
  }

  /// Bytes that the sparse layers' feed-forward networks read for a token, on average, and what they would
  /// read densely.
  package var feedForwardBytes: (sparse: Int, dense: Int) {
    (networks?.bytesPerToken ?? 0, networks?.denseBytesPerToken ?? 0)
  }

  /// The score of each neuron that a sparse layer's predictor gave the first row of the last step, where it scores single
  /// neurons; empty for a dense layer.
  package func neuronScores(layer: Int) -> [Float] {
    guard let scores = networks?.scores[layer] else { return [] }
    return Array(UnsafeBufferPointer(start: scores.scores(of: 0), count: scores.width))
  }

  /// An audit of the layers that run sparsely now, which has seen nothing yet.
  package func makeAudit() -> StepAudit {
    StepAudit(plan, model: model, weights: weights, pool: pool)
  }

  /// Bytes of weights that one decoding step reads; of what is sparse, as much as it has read on average.
  package var bytesPerToken: Int {
    guard !runsDense else { return denseBytesPerToken }
    var bytes = denseBytesPerToken
    for part in sparseParts { bytes += part.bytesPerToken - part.denseBytesPerToken }
    guard let sketchHead else { return bytes }
    let dense = Int(head.product.matrix.pointee.row_bytes) * model.vocabulary
    return bytes - dense + sketchHead.bytesPerCall
  }

  /// Elements of each cached position that one decoding step reads; of sparse attention, as many as it has
  /// read on average.
  package var cacheElementsRead: Int {
    let unread = runsDense ? 0 : sparseParts.reduce(0) { $0 + $1.unreadCacheElements }
    return model.cacheElementsPerToken - unread
  }

  deinit {
    operations.deallocate()
    sparseOperations.deallocate()
    catchUps.deallocate()
    segments.deallocate()
    head.logits.deallocate()
  }

  /// The head's input of a row of the last step, `[hidden]`.
  package func hidden(row: Int) -> UnsafeBufferPointer<Float> {
    let buffer = buffers[lowering.headInput]
    return UnsafeBufferPointer(start: buffer.row(row), count: buffer.width)
  }

  /// Dense logits of adjacent rows of the last step, `[rows][vocabulary]`, valid until the next call.
  package func logits(rows: Range<Int>) -> UnsafeBufferPointer<Float> {
    precondition(rows.count <= Self.maximumLogitRows && rows.upperBound <= maximumRows)
    logitRows = rows
    pool.runKept(logitJob)
    return UnsafeBufferPointer(start: head.logits, count: rows.count * model.vocabulary)
  }

  /// Logits of one row of the last step, as the program's head computes them.
  package func output(row: Int) -> HeadOutput {
    guard let sketchHead, !runsDense else {
      return HeadOutput(ids: nil, logits: logits(rows: row..<row + 1))
    }
    outputRow = row
    pool.runKept(sketchJob)
    if let sparse = sketchHead.output() { return sparse }
    return HeadOutput(ids: nil, logits: logits(rows: row..<row + 1), fellBack: true)
  }

  /// Logits of the last step's first rows, one sequence's each: as the program's head computes them where that pays
  /// for so many, else by dense products of many rows at once. What `body` gets is valid until it returns.
  package func outputs(rows: Int, _ body: (_ row: Int, HeadOutput) -> Void) {
    if let sketchHead, !runsDense, rows <= sketchHead.plan.widestBatch {
      for row in 0..<rows { body(row, output(row: row)) }
      return
    }
    for first in stride(from: 0, to: rows, by: Self.maximumLogitRows) {
      let block = first..<min(first + Self.maximumLogitRows, rows)
      let logits = logits(rows: block)
      for row in block {
        let own = (row - first) * model.vocabulary..<(row - first + 1) * model.vocabulary
        body(row, HeadOutput(ids: nil, logits: UnsafeBufferPointer(rebasing: logits[own])))
      }
    }
  }

  func run(_ step: StepState) {
    current = step
    buffers.setPositions(step, rotaries)
    pool.runKept(stepJob)
  }

  /// One worker's part of the current step.
  private func execute(_ worker: Worker) {
    let step = current
    let isSparse = runsSparse(rows: step.rows, sequences: step.segmentCount)
    if !isSparse && !catchUps.isEmpty {
      for kernel in catchUps { kernel.run(worker, step) }
      worker.barrier()
    }
    let audit = isSparse ? audit : nil
    let profiles = worker.index == 0 && profile != nil
    var since = profiles ? monotonicSeconds() : 0
    for operation in isSparse ? sparseOperations : operations {
      audit?.look(at: operation, worker, step)
      if operation.run(worker, step) { worker.barrier() }
      if profiles {
        let now = monotonicSeconds()
        profile?.add(now - since, to: operation.part)
        since = now
      }
      if let observer, case .feedForward(let kernel) = operation {
        if worker.index == 0 { observer(kernel.observation(step)) }
        worker.barrier()
      }
      if let attentionObserver, case .attend(let kernel) = operation {
        if worker.index == 0 { attentionObserver(kernel.observation(step)) }
        worker.barrier()
      }
    }
    if profiles { profile?.endStep() }
  }
}
