import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// HiRE-Softmax's operations on the device: scores of all vocabulary rows from the sketch, the
/// candidates, and their exact logits, of each row of a step.
final class SketchSearch: Sendable {
  /// Rows of a step that one call takes at most.
  static let maximumRows = StepShape.sparseRows

  private let operands: Operands
  private let scores: SketchScores
  private let argument: scu_search
  private let wanted: Int
  private let capacity: Int
  private let find: CUDAKernel
  private let exact: CUDAKernel
  private let review: CUDAKernel
  private let memory: DeviceMemory
  private let states: PinnedBuffer
  /// `[rows][capacity]`
  private let ids: PinnedBuffer
  private let logits: PinnedBuffer
  /// Candidates of a row that are copied before anybody knows how many there are.
  private static let copied = 1024

  init(_ head: SketchedVocabulary, _ operands: Operands) throws(SparrowError) {
    self.operands = operands
    let library = operands.kernels.library
    memory = DeviceMemory(in: library.context)
    scores = try SketchScores(head.sketch, ranksBlocks: true, operands, memory)
    let rule = VocabularySearch(head)
    (wanted, capacity) = (rule.wanted, rule.capacity)
    let matrix = operands.weights.matrix(operands.model.headRole).argument
    let rows = Self.maximumRows
    let stateBytes = MemoryLayout<scu_search_state>.stride * rows
    let bytes = 4 * rows * rule.capacity
    states = try PinnedBuffer(stateBytes, in: library.context)
    ids = try PinnedBuffer(bytes, in: library.context)
    logits = try PinnedBuffer(bytes, in: library.context)
    var argument = scu_search()
    argument.matrix = matrix
    (argument.scores, argument.best) = (scores.scores.address, scores.best!.address)
    (argument.directions, argument.mean_dots) = (scores.directions.address, scores.meanDots)
    (argument.ids, argument.logits) = (try memory.bytes(bytes), try memory.bytes(bytes))
    argument.states = try memory.bytes(stateBytes)
    argument.direction_count = Int32(scores.directions.width)
    (argument.blocks, argument.row_count) = (Int32(scores.blocks), Int32(scores.rowCount))
    (argument.wanted, argument.capacity) = (Int32(rule.wanted), Int32(rule.capacity))
    argument.rank = Int32(clamping: rule.rank)
    (argument.doubt, argument.deviation) = (head.recall.doubt, head.sketch.deviation)
    argument.hidden = Float(head.sketch.hidden)
    argument.scale = operands.model.logitScale
    argument.softcap = operands.model.logitSoftcap
    self.argument = argument
    func kernel(_ name: String, sharedBytes: Int = 0) throws(SparrowError) -> CUDAKernel {
      try library.kernel(
        name, of: ["sparse_arguments.h", "cut.cuh", "gather.cuh", "search.cu"],
        constants: [("SELECT_THREADS", 1024)], sharedBytes: sharedBytes)
    }
    find = try kernel("find_candidates")
    exact = try kernel("exact_logits", sharedBytes: 4 * Int(matrix.stride))
    review = try kernel("review_candidates")
  }

  /// Queues the search for `rows` rows of `input`.
  func launch(_ input: DeviceRows, rows: Int) throws(SparrowError) {
    try scores.launch(input, rows: rows)
    var own = argument
    (own.input, own.input_width) = (input.address, Int32(input.width))
    let ranking = CUDAKernel.Shape(grid: rows, block: 1024, startsEarly: true)
    let blocks = min((capacity + 7) / 8, 2 * operands.multiprocessors)
    let products = CUDAKernel.Shape(grid: blocks, rows, block: 256, startsEarly: true)
    try find.launch(ranking, own)
    try exact.launch(products, own)
    try review.launch(ranking, own)
    own.is_last = 1
    try exact.launch(products, own)
    try memory.context.copy(
      argument.states, to: states, at: 0, count: rows * MemoryLayout<scu_search_state>.stride)
    for row in 0..<rows { try copy(row, 0..<min(capacity, Self.copied)) }
  }

  /// Queues copies of the places `range` of a row's candidates.
  private func copy(_ row: Int, _ range: Range<Int>) throws(SparrowError) {
    let offset = 4 * (row * capacity + range.lowerBound)
    for (source, host) in [(argument.ids, ids), (argument.logits, logits)] {
      try memory.context.copy(
        source + UInt64(offset), to: host, at: offset, count: 4 * range.count)
    }
  }

  /// Copies what the last call found beyond what it copies by itself, and waits for it; all that
  /// was queued has run.
  func complete(rows: Int) throws(SparrowError) {
    var isComplete = true
    for row in 0..<rows where state(row).count > Self.copied {
      try copy(row, Self.copied..<Int(state(row).count))
      isComplete = false
    }
    if !isComplete { try memory.context.synchronize() }
  }

  private func state(_ row: Int) -> scu_search_state {
    states.memory.load(
      fromByteOffset: row * MemoryLayout<scu_search_state>.stride, as: scu_search_state.self)
  }

  /// The candidates and their logits of the row with this place in the last call, `row` of the
  /// step; nil where the dense head must decide.
  func output(_ place: Int, row: Int) -> HeadOutput? {
    let count = Int(state(place).count)
    guard count > 0 else { return nil }
    let own = place * capacity..<place * capacity + count
    return HeadOutput(
      row: row,
      ids: UnsafeBufferPointer(
        rebasing: UnsafeRawBufferPointer(ids.memory).bindMemory(to: Int32.self)[own]),
      logits: UnsafeBufferPointer(
        rebasing: UnsafeRawBufferPointer(logits.memory).bindMemory(to: Float.self)[own]))
  }

  /// Rows of the head whose exact logits were computed for a row of a step, on average so far; k'
  /// before the first.
  func rowsPerCall() throws(SparrowError) -> Double {
    let all = try memory.context.values(
      Self.maximumRows, at: argument.states, zero: scu_search_state())
    let calls = all.reduce(0) { $0 + $1.calls }
    guard calls > 0 else { return Double(wanted) }
    return Double(all.reduce(0) { $0 + $1.rows }) / Double(calls)
  }
}
