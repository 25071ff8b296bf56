internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// What HiRE-Softmax's operations pass on to each other: scores of all vocabulary rows from the
/// sketch, the candidates, and their exact logits, of each row of a batch.
final class SketchSearch {
  /// Rows of a step that one call takes at most.
  static let maximumRows = StepState.maximumSparseRows
  /// Vocabulary rows that `gather` takes at most: so few that one thread has them at once.
  static let gatherLimit = 256

  private let memory = OwnedMemory()
  let sketch: SketchKernel
  let candidates: CandidatesKernel
  let exact: ExactKernel
  private let gatheredIDs: UnsafeMutablePointer<Int32>
  private let gatheredLogits: UnsafeMutablePointer<Float>

  /// `input` is the buffer that the head reads.
  init(
    _ head: SketchedVocabulary, matrix: UnsafePointer<sk_matrix>, input: StepBuffer,
    finish: LogitFinish,
    workers: Int
  ) {
    let scores = SketchScores(
      head.sketch, inputs: Self.maximumRows, workers: workers, ranksBlocks: true, memory: memory)
    let rule = VocabularySearch(head)
    let lists = CandidateLists(
      scores, capacity: rule.capacity, rows: Self.maximumRows, workers: workers, memory: memory)
    sketch = SketchKernel(scores: scores, matrix: matrix, input: input)
    candidates = CandidatesKernel(scores: scores, wanted: rule.wanted, lists: lists)
    exact = ExactKernel(
      scores: scores, rule: rule, matrix: matrix, input: input, finish: finish, lists: lists)
    gatheredIDs = memory.integers(Self.gatherLimit)
    gatheredLogits = memory.floats(Self.gatherLimit)
  }

  /// Exact logits of some vocabulary rows, of a row of the step whose candidates were looked for.
  func gather(_ ids: [Int32], row: Int) -> HeadOutput {
    precondition(ids.count <= Self.gatherLimit, "more logits than are gathered at once")
    for (index, id) in ids.enumerated() { gatheredIDs[index] = id }
    exact.multiply(gatheredIDs, 0..<ids.count, row: row, into: gatheredLogits)
    exact.finish.apply(gatheredLogits, count: ids.count)
    return HeadOutput(
      row: row, ids: UnsafeBufferPointer(start: gatheredIDs, count: ids.count),
      logits: UnsafeBufferPointer(start: gatheredLogits, count: ids.count))
  }

  /// Rows of the head whose exact logits were computed for a row of a step, on average so far; k'
  /// before the first.
  var rowsPerCall: Double {
    let states = (0..<Self.maximumRows).map { exact.lists.state[$0].pointee }
    let calls = states.reduce(0) { $0 + $1.calls }
    guard calls > 0 else { return Double(candidates.wanted) }
    return Double(states.reduce(0) { $0 + $1.rowsTouched }) / Double(calls)
  }

  /// The candidates and their logits of the row with this place in the last call, `row` of the
  /// step; nil when the dense head must decide.
  func output(_ place: Int, row: Int) -> HeadOutput? {
    let lists = exact.lists
    let count = lists.state[place].pointee.count
    guard count > 0 else { return nil }
    return HeadOutput(
      row: row, ids: UnsafeBufferPointer(start: lists.ids(of: place), count: count),
      logits: UnsafeBufferPointer(start: lists.logits(of: place), count: count))
  }
}

/// Scores of all vocabulary rows from the sketch.
struct SketchKernel: BitwiseCopyable {
  let scores: SketchScores
  let matrix: UnsafePointer<sk_matrix>
  let input: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let rows = step.logitRows
    let x = InputRows(input, from: rows.lowerBound, quantized: rows.lowerBound)
    if sk_wants_quantized(matrix) != 0 {
      for row in worker.share(of: rows.count) { x.quantize(row) }
    }
    let own = worker.share(of: scores.blocks)
    if rows.count == 1 {
      scores.turn(worker, x[0])
      worker.barrier()
      scores.score(worker, (own, 0..<0), withMean: false)
    } else {
      scores.turnAll(worker, inputs: rows.count, x)
      scores.scoreAll(worker, inputs: rows.count, own, withMean: false)
    }
  }
}

/// The k' best scores of each row, a row a worker.
struct CandidatesKernel: BitwiseCopyable {
  let scores: SketchScores
  let wanted: Int
  let lists: CandidateLists

  func run(_ worker: Worker, _ step: StepState) {
    for row in stride(from: worker.index, to: step.logitRows.count, by: worker.count) {
      find(worker, row)
    }
  }

  /// At least as many blocks as k' have a best score among the k' best of blocks, so that few rows
  /// need be looked at. Where there are fewer blocks, or rows crowd, all scores are ranked.
  private func find(_ worker: Worker, _ row: Int) {
    let state = lists.state[row]
    state.pointee.calls += 1
    state.pointee.count = 0
    let (scores, ids, ranked) = (scores.scores(of: row), lists.ids(of: row), lists.ranked[worker])
    var found = lists.capacity + 1
    if self.scores.blocks >= wanted {
      let best = self.scores.blockBest(of: row)
      found = lists.gather(
        row, from: lists.largest(worker, wanted, of: best, count: self.scores.blocks))
    }
    if found > lists.capacity {
      found = self.scores.rowCount
      ranked.update(from: scores, count: found)
    } else {
      for index in 0..<found { ranked[index] = scores[Int(ids[index])] }
    }
    // Fewer than k' only where scores are not numbers: the dense head decides.
    guard found >= wanted else { return }
    let threshold = largest(wanted, of: UnsafeMutableBufferPointer(start: ranked, count: found))
    state.pointee.threshold = threshold
    found = lists.gather(row, from: threshold)
    if found <= lists.capacity { state.pointee.count = found }
  }
}

/// Exact logits of each row's candidates, and of all rows that their sketch leaves in doubt.
struct ExactKernel: BitwiseCopyable {
  let scores: SketchScores
  let rule: VocabularySearch
  let matrix: UnsafePointer<sk_matrix>
  let input: StepBuffer
  let finish: LogitFinish
  let lists: CandidateLists

  func run(_ worker: Worker, _ step: StepState) {
    let count = step.logitRows.count
    for row in 0..<count { multiply(worker, step, row) }
    worker.barrier()
    for row in stride(from: worker.index, to: count, by: worker.count) {
      review(worker, row, inputs: count, &lists.state[row].pointee)
    }
    worker.barrier()
    for row in 0..<count {
      if lists.state[row].pointee.goesOn { multiply(worker, step, row) }
      let own = share(worker, row)
      finish.apply(lists.logits(of: row) + own.lowerBound, count: own.count)
    }
  }

  /// Every worker a part of each row's candidates.
  private func share(_ worker: Worker, _ row: Int) -> Range<Int> {
    worker.share(of: lists.state[row].pointee.count, unit: 16)
  }

  private func multiply(_ worker: Worker, _ step: StepState, _ row: Int) {
    multiply(
      lists.ids(of: row), share(worker, row), row: step.firstLogit + row,
      into: lists.logits(of: row))
  }

  /// Raw logits of a range of vocabulary rows for a row of the step, whose input is quantized.
  func multiply(
    _ ids: UnsafePointer<Int32>, _ range: Range<Int>, row: Int,
    into logits: UnsafeMutablePointer<Float>
  ) {
    let x = InputRows(input, from: row, quantized: row).source(for: matrix)
    sk_gemv_rows(matrix, x, ids, Int32(range.lowerBound), Int32(range.upperBound), logits)
  }

  /// Goes on to every row whose score the sketch's deviation cannot rule out.
  private func review(
    _ worker: Worker, _ row: Int, inputs: Int, _ state: inout CandidateLists.State
  ) {
    state.goesOn = false
    state.rowsTouched += state.count
    guard state.count > 0 else { return }
    let logits = lists.logits(of: row)
    let frontier =
      rule.rank == 1
      ? logits[Int(sk_argmax(logits, Int32(state.count)))]
      : lists.largest(worker, min(rule.rank, state.count), of: logits, count: state.count)
    let floor = rule.floor(
      frontier: frontier, meanDot: scores.meanDot(worker, of: row, inputs: inputs),
      energy: scores.energy(input: row))
    // A floor that is not a number also ends here: the dense head decides.
    guard !(floor >= state.threshold) else { return }
    let found = lists.gather(row, from: floor)
    state.goesOn = found > 0 && found <= lists.capacity
    state.count = state.goesOn ? found : 0
    state.rowsTouched += state.goesOn ? found : scores.rowCount
  }
}
