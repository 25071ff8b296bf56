internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// The vocabulary rows that a search has come to for each row of a step, and what one worker
/// decides of it for all; barriers order the accesses.
struct CandidateLists: BitwiseCopyable {
  struct State: BitwiseCopyable {
    var count = 0
    var goesOn = false
    var threshold: Float = 0
    var rowsTouched = 0
    var calls = 0
  }

  /// Of each row of a step.
  let state: PerWorker<State>
  /// Numbers to rank, of each worker.
  let ranked: PerWorker<Float>
  let capacity: Int
  private let scores: SketchScores
  // `[rows][capacity]`
  private let ids: UnsafeMutablePointer<Int32>
  private let logits: UnsafeMutablePointer<Float>

  init(_ scores: SketchScores, capacity: Int, rows: Int, workers: Int, memory: OwnedMemory) {
    self.scores = scores
    self.capacity = capacity
    state = PerWorker(1, workers: rows, memory: memory)
    for row in 0..<rows { state[row].initialize(to: State()) }
    ranked = PerWorker(max(scores.rowCount, scores.blocks), workers: workers, memory: memory)
    ids = memory.integers(rows * capacity)
    logits = memory.floats(rows * capacity)
  }

  func ids(of row: Int) -> UnsafeMutablePointer<Int32> { ids + row * capacity }
  func logits(of row: Int) -> UnsafeMutablePointer<Float> { logits + row * capacity }

  /// Writes the vocabulary rows with scores from `floor` on, ascending, at most `capacity`; returns
  /// how many there are.
  func gather(_ row: Int, from floor: Float) -> Int {
    let (ids, scored, best) = (ids(of: row), scores.scores(of: row), scores.blockBest(of: row))
    var found = 0
    for block in 0..<scores.blocks where best[block] >= floor {
      let start = block * RowSketch.blockRows
      let room = max(capacity - found, 0)
      found += Int(
        sk_select_above(
          scored + start, Int32(RowSketch.blockRows), floor, Int32(start),
          ids + min(found, capacity), Int32(room)))
    }
    return found
  }

  /// The largest but `rank` - 1 of `count` numbers.
  func largest(
    _ worker: Worker, _ rank: Int, of values: UnsafePointer<Float>, count: Int
  ) -> Float {
    let ranked = ranked[worker]
    ranked.update(from: values, count: count)
    return SparrowSparsity.largest(
      rank, of: UnsafeMutableBufferPointer(start: ranked, count: count))
  }
}
