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
  private let states: DeviceBuffer
  private let ids: DeviceBuffer
  private let logits: DeviceBuffer
  private let memory: DeviceMemory

  init(_ head: SketchedVocabulary, _ operands: Operands) throws(SparrowError) {
    self.operands = operands
    let library = operands.kernels.library
    memory = DeviceMemory(in: library.context)
    scores = try SketchScores(head.sketch, ranksBlocks: true, operands, memory)
    let rule = VocabularySearch(head)
    (wanted, capacity) = (rule.wanted, rule.capacity)
    let matrix = operands.weights.matrix(operands.model.headRole).argument
    let rows = Self.maximumRows
    states = try DeviceBuffer(MemoryLayout<scu_search_state>.stride * rows, in: library.context)
    try states.clear()
    ids = try DeviceBuffer(4 * rows * rule.capacity, in: library.context)
    logits = try DeviceBuffer(4 * rows * rule.capacity, in: library.context)
    var argument = scu_search()
    argument.matrix = matrix
    (argument.scores, argument.best) = (scores.scores.address, scores.best!.address)
    (argument.directions, argument.mean_dots) = (scores.directions.address, scores.meanDots)
    (argument.ids, argument.logits) = (ids.address, logits.address)
    argument.states = states.address
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
  }

  /// What the last call found for a row: its candidates and their logits; nil where the dense head
  /// must decide.
  struct Found {
    let ids: [Int32]
    let logits: [Float]
  }

  /// What the last call found for its first rows; waits for the device.
  func found(rows: Int) throws(SparrowError) -> [Found?] {
    let context = memory.context
    let states = try context.values(rows, at: states.address, zero: scu_search_state())
    var all: [Found?] = []
    for (row, state) in states.enumerated() {
      guard state.count > 0 else {
        all.append(nil)
        continue
      }
      let offset = UInt64(4 * row * capacity)
      let count = Int(state.count)
      all.append(
        Found(
          ids: try context.values(count, at: ids.address + offset, zero: Int32(0)),
          logits: try context.values(count, at: logits.address + offset, zero: Float(0))))
    }
    return all
  }

  /// Rows of the head whose exact logits were computed for a row of a step, on average so far; k'
  /// before the first.
  func rowsPerCall() throws(SparrowError) -> Double {
    let all = try memory.context.values(
      Self.maximumRows, at: states.address, zero: scu_search_state())
    let calls = all.reduce(0) { $0 + $1.calls }
    guard calls > 0 else { return Double(wanted) }
    return Double(all.reduce(0) { $0 + $1.rows }) / Double(calls)
  }
}
