internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// What HiRE-Softmax's operations pass on to each other: scores of all vocabulary rows from the
/// sketch, the candidates, and their exact logits.
final class SketchSearch {
  private let memory = OwnedMemory()
  let sketch: SketchKernel
  let candidates: CandidatesKernel
  let exact: ExactKernel

  /// `input` is the buffer that the head reads.
  init(
    _ head: SketchedVocabulary, matrix: UnsafePointer<sk_matrix>, input: StepBuffer,
    finish: LogitFinish,
    workers: Int
  ) {
    let scores = SketchScores(head.sketch, inputs: 1, workers: workers, memory: memory)
    let rule = VocabularySearch(head)
    let lists = CandidateLists(
      scores: scores, capacity: rule.capacity, memory: memory)
    sketch = SketchKernel(scores: scores, matrix: matrix, input: input)
    candidates = CandidatesKernel(scores: scores, wanted: rule.wanted, lists: lists)
    exact = ExactKernel(
      scores: scores, rule: rule, matrix: matrix, input: input, finish: finish, lists: lists)
  }

  /// Rows of the head whose exact logits a call computed, on average so far; k' before the first.
  var rowsPerCall: Double {
    let state = exact.lists.state.pointee
    return state.calls > 0
      ? Double(state.rowsTouched) / Double(state.calls) : Double(candidates.wanted)
  }

  /// The candidates and their logits; nil when the dense head must decide.
  func output(row: Int) -> HeadOutput? {
    let lists = exact.lists
    let count = lists.state.pointee.count
    guard count > 0 else { return nil }
    return HeadOutput(
      row: row, ids: UnsafeBufferPointer(start: lists.ids, count: count),
      logits: UnsafeBufferPointer(start: lists.logits, count: count))
  }
}

/// The rows that a search has come to, and what worker 0 decides for all; barriers order the
/// accesses.
struct CandidateLists: BitwiseCopyable {
  struct State: BitwiseCopyable {
    var count = 0
    var goesOn = false
    var threshold: Float = 0
    var rowsTouched = 0
    var calls = 0
  }

  let state: UnsafeMutablePointer<State>
  let ids: UnsafeMutablePointer<Int32>
  let logits: UnsafeMutablePointer<Float>
  /// Numbers to rank.
  let ranked: UnsafeMutablePointer<Float>
  let capacity: Int

  init(scores: SketchScores, capacity: Int, memory: OwnedMemory) {
    self.capacity = capacity
    state = memory.bytes(MemoryLayout<State>.stride).assumingMemoryBound(to: State.self)
    state.initialize(to: State())
    ranked = memory.floats(max(scores.rowCount, scores.blocks))
    ids = memory.integers(capacity)
    logits = memory.floats(capacity)
  }

  /// Writes the rows with scores from `floor` on, ascending, at most `capacity`; returns how many
  /// there are.
  func gather(_ scores: SketchScores, from floor: Float) -> Int {
    var found = 0
    for block in 0..<scores.blocks where scores.blockBest[block] >= floor {
      let start = block * RowSketch.blockRows
      let room = max(capacity - found, 0)
      found += Int(
        sk_select_above(
          scores.scores + start, Int32(RowSketch.blockRows), floor, Int32(start),
          ids + min(found, capacity), Int32(room)))
    }
    return found
  }

  /// The largest but `rank` - 1 of `count` numbers.
  func largest(_ rank: Int, of values: UnsafePointer<Float>, count: Int) -> Float {
    ranked.update(from: values, count: count)
    return SparrowSparsity.largest(
      rank, of: UnsafeMutableBufferPointer(start: ranked, count: count))
  }
}

/// Scores of all vocabulary rows from the sketch.
struct SketchKernel: BitwiseCopyable {
  let scores: SketchScores
  let matrix: UnsafePointer<sk_matrix>
  let input: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let row = step.logitRows.lowerBound
    if worker.index == 0, sk_wants_quantized(matrix) != 0 {
      InputRows(input, from: row, quantized: row).quantize(0)
    }
    scores.turn(worker, input.row(row), input: 0)
    worker.barrier()
    scores.score(worker, input: 0, (worker.share(of: scores.blocks), 0..<0))
  }
}

/// The k' best scores.
struct CandidatesKernel: BitwiseCopyable {
  let scores: SketchScores
  let wanted: Int
  let lists: CandidateLists

  /// At least as many blocks as k' have a best score among the k' best of blocks, so that few rows
  /// need be looked at. Where there are fewer blocks, or rows crowd, all scores are ranked.
  func run(_ worker: Worker) {
    guard worker.index == 0 else { return }
    lists.state.pointee.calls += 1
    lists.state.pointee.count = 0
    var found = lists.capacity + 1
    if scores.blocks >= wanted {
      found = lists.gather(
        scores, from: lists.largest(wanted, of: scores.blockBest, count: scores.blocks))
    }
    if found > lists.capacity {
      found = scores.rowCount
      lists.ranked.update(from: scores.scores, count: found)
    } else {
      for index in 0..<found {
        lists.ranked[index] = scores.scores[Int(lists.ids[index])]
      }
    }
    // Fewer than k' only where scores are not numbers: the dense head decides.
    guard found >= wanted else { return }
    let threshold = largest(
      wanted, of: UnsafeMutableBufferPointer(start: lists.ranked, count: found))
    lists.state.pointee.threshold = threshold
    found = lists.gather(scores, from: threshold)
    if found <= lists.capacity { lists.state.pointee.count = found }
  }
}

/// Exact logits of the candidates, and of all rows that their sketch leaves in doubt.
struct ExactKernel: BitwiseCopyable {
  let scores: SketchScores
  let rule: VocabularySearch
  let matrix: UnsafePointer<sk_matrix>
  let input: StepBuffer
  let finish: LogitFinish
  let lists: CandidateLists

  func run(_ worker: Worker, _ step: StepState) {
    multiply(worker, step.logitRows.lowerBound)
    worker.barrier()
    if worker.index == 0 { review(worker, &lists.state.pointee) }
    worker.barrier()
    if lists.state.pointee.goesOn { multiply(worker, step.logitRows.lowerBound) }
    worker.barrier()
    if worker.index == 0 { finish.apply(lists.logits, count: lists.state.pointee.count) }
  }

  private func multiply(_ worker: Worker, _ row: Int) {
    let own = worker.share(of: lists.state.pointee.count, unit: 16)
    let x = InputRows(input, from: row, quantized: row).source(for: matrix)
    sk_gemv_rows(
      matrix, x, lists.ids, Int32(own.lowerBound), Int32(own.upperBound), lists.logits)
  }

  /// Goes on to every row whose score the sketch's deviation cannot rule out.
  private func review(_ worker: Worker, _ state: inout CandidateLists.State) {
    state.goesOn = false
    state.rowsTouched += state.count
    guard state.count > 0 else { return }
    let frontier =
      rule.rank == 1
      ? lists.logits[Int(sk_argmax(lists.logits, Int32(state.count)))]
      : lists.largest(min(rule.rank, state.count), of: lists.logits, count: state.count)
    let floor = rule.floor(
      frontier: frontier, meanDot: scores.meanDot(worker, of: 0), energy: scores.energy(input: 0))
    // A floor that is not a number also ends here: the dense head decides.
    guard !(floor >= state.threshold) else { return }
    let found = lists.gather(scores, from: floor)
    state.goesOn = found > 0 && found <= lists.capacity
    state.count = state.goesOn ? found : 0
    state.rowsTouched += state.goesOn ? found : scores.rowCount
  }
}
