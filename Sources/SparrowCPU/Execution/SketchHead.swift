internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// HiRE-Softmax on the CPU: scores of all rows from the sketch, exact logits of the best.
///
/// Two passes at most: the candidates are the k' best scores, then every row whose score comes within
/// `doubt` deviations of the frontier of exact logits; more rows than that pays for end in the dense head.
final class SketchHead: @unchecked Sendable {
  private let sketch: SketchScores
  private let deviation: Float
  let plan: HeadPlan
  private let recall: HeadRecall
  private let matrix: UnsafePointer<sk_matrix>
  private let input: StepBuffer
  private let finish: LogitFinish
  private let memory = Scratch()

  private let selected: UnsafeMutablePointer<Float>
  private let ids: UnsafeMutablePointer<Int32>
  private let logits: UnsafeMutablePointer<Float>
  /// Candidates that the second pass takes before the dense head is cheaper.
  private let capacity: Int

  // What worker 0 decides for all; barriers order the accesses.
  private var count = 0
  private var goesOn = false
  private var threshold: Float = 0

  /// Rows of the head whose exact logits were computed, over all calls, and the calls.
  private(set) var rowsTouched = 0
  private(set) var calls = 0

  init(
    _ head: SketchedHead, matrix: UnsafePointer<sk_matrix>, input: StepBuffer, finish: LogitFinish,
    workers: Int
  ) {
    let sketch = head.sketch
    self.sketch = SketchScores(sketch, inputs: 1, workers: workers, memory: memory)
    deviation = sketch.deviation
    plan = head.plan
    recall = head.recall
    self.matrix = matrix
    self.input = input
    self.finish = finish
    capacity = min(sketch.rowCount, max(2 * plan.candidates, sketch.rowCount / 8))
    selected = memory.floats(max(sketch.rowCount, sketch.blocks))
    ids = memory.bytes(capacity * 4).assumingMemoryBound(to: Int32.self)
    logits = memory.floats(capacity)
  }

  /// Bytes that the sketch and the rows touched so far read per call, on average.
  var bytesPerCall: Int {
    let rows = calls > 0 ? rowsTouched / calls : plan.candidates
    return sketch.byteCount + rows * Int(matrix.pointee.row_bytes)
  }

  /// The candidates and their logits; nil when the dense head must decide.
  func output() -> HeadOutput? {
    guard count > 0 else { return nil }
    return HeadOutput(
      ids: UnsafeBufferPointer(start: ids, count: count),
      logits: UnsafeBufferPointer(start: logits, count: count))
  }

  /// All workers together: `row` is the row of the step's input buffer.
  func run(_ worker: Worker, row: Int) {
    let x = InputRows(input, from: row, quantized: row)
    if worker.index == 0, sk_wants_quantized(matrix) != 0 { x.quantize(0) }
    sketch.turn(worker, input.row(row), input: 0)
    worker.barrier()
    sketch.score(worker, input: 0, (worker.share(of: sketch.blocks), 0..<0))
    worker.barrier()
    if worker.index == 0 { choose() }
    worker.barrier()
    exact(worker, row: row)
    worker.barrier()
    if worker.index == 0 { review(worker) }
    worker.barrier()
    if goesOn { exact(worker, row: row) }
    worker.barrier()
    if worker.index == 0 { finish.apply(logits, count: count) }
  }

  // MARK: - Selection, on worker 0

  /// The k' best scores: at least as many blocks as k' have a best score among the k' best of blocks, so that
  /// few rows need be looked at. Where there are fewer blocks, or rows crowd, all scores are ranked.
  private func choose() {
    calls += 1
    let wanted = min(plan.candidates, sketch.rowCount)
    var found = capacity + 1
    if sketch.blocks >= wanted {
      selected.update(from: sketch.blockBest, count: sketch.blocks)
      found = gather(
        largest(wanted, of: UnsafeMutableBufferPointer(start: selected, count: sketch.blocks)))
    }
    if found > capacity {
      found = sketch.rowCount
      selected.update(from: sketch.scores, count: found)
    } else {
      for index in 0..<found { selected[index] = sketch.scores[Int(ids[index])] }
    }
    // Fewer than k' only where scores are not numbers: the dense head decides.
    guard found >= wanted else {
      count = 0
      return
    }
    threshold = largest(wanted, of: UnsafeMutableBufferPointer(start: selected, count: found))
    found = gather(threshold)
    count = found <= capacity ? found : 0
  }

  /// Writes the rows with scores from `floor` on, ascending, at most `capacity`; returns how many there are.
  private func gather(_ floor: Float) -> Int {
    var found = 0
    for block in 0..<sketch.blocks where sketch.blockBest[block] >= floor {
      let start = block * RowSketch.blockRows
      let room = max(capacity - found, 0)
      found += Int(
        sk_select_above(
          sketch.scores + start, Int32(RowSketch.blockRows), floor, Int32(start),
          ids + min(found, capacity),
          Int32(room)))
    }
    return found
  }

  private func exact(_ worker: Worker, row: Int) {
    let own = worker.share(of: count, unit: 16)
    let x = InputRows(input, from: row, quantized: row).source(for: matrix)
    sk_gemv_rows(matrix, x, ids, Int32(own.lowerBound), Int32(own.upperBound), logits)
  }

  /// Goes on to every row whose score the sketch's deviation cannot rule out.
  private func review(_ worker: Worker) {
    goesOn = false
    rowsTouched += count
    guard count > 0 else { return }
    let frontier: Float
    if recall.rank == 1 {
      frontier = logits[Int(sk_argmax(logits, Int32(count)))]
    } else {
      selected.update(from: logits, count: count)
      frontier = largest(
        min(recall.rank, count), of: UnsafeMutableBufferPointer(start: selected, count: count))
    }
    let spread = deviation * (sketch.energy(input: 0) / Float(sketch.hidden)).squareRoot()
    let floor = frontier - sketch.meanDot(worker, of: 0) - recall.doubt * spread
    // A floor that is not a number also ends here: the dense head decides.
    guard !(floor >= threshold) else { return }
    let found = gather(floor)
    goesOn = found > 0 && found <= capacity
    count = goesOn ? found : 0
    rowsTouched += goesOn ? found : sketch.rowCount
  }
}
