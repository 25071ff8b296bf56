internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// HiRE-Softmax on the CPU: scores of all rows from the sketch, exact logits of the best.
///
/// Two passes at most: the candidates are the k' best scores, then every row whose score comes within
/// `doubt` deviations of the frontier of exact logits; more rows than that pays for end in the dense head.
final class SketchHead: @unchecked Sendable {
  private let sizes: SketchSizes
  private let plan: HeadPlan
  private let recall: HeadRecall
  private let matrix: UnsafePointer<sk_matrix>
  private let input: StepBuffer
  private let finish: LogitFinish
  private let basis: UnsafeMutablePointer<sk_matrix>
  private let memory = Scratch()

  // The sketch's parts at fixed addresses.
  private let meanBase: UnsafePointer<Float>
  private let meanRowBase: UnsafePointer<Float>
  private let boundsBase: UnsafePointer<Int>
  private let centroidBase: UnsafePointer<Float>
  private let codesBase: UnsafePointer<UInt8>
  private let biasBase: UnsafePointer<UInt16>

  private let centered: UnsafeMutablePointer<Float>
  private let quantized: UnsafeMutableRawPointer
  private let directions: UnsafeMutablePointer<Float>
  private let products: UnsafeMutablePointer<Float>
  private let least: UnsafeMutablePointer<Float>
  private let ranges: UnsafeMutablePointer<Float>
  private let tables: UnsafeMutablePointer<UInt8>
  /// The scalar sketch's rows with their bias; nil when rows are codes.
  private let rows: SketchRowScores?
  private let scores: UnsafeMutablePointer<Float>
  private let blockBest: UnsafeMutablePointer<Float>
  private let selected: UnsafeMutablePointer<Float>
  private let ids: UnsafeMutablePointer<Int32>
  private let logits: UnsafeMutablePointer<Float>
  /// Candidates that the second pass takes before the dense head is cheaper.
  private let capacity: Int

  // What worker 0 decides for all; barriers order the accesses.
  private var count = 0
  private var goesOn = false
  private var threshold: Float = 0
  private var meanDot: Float = 0

  /// Rows of the head whose exact logits were computed, over all calls, and the calls.
  private(set) var rowsTouched = 0
  private(set) var calls = 0

  init(
    plan: HeadPlan, sketch: HeadSketch, recall: HeadRecall, matrix: UnsafePointer<sk_matrix>,
    input: StepBuffer, finish: LogitFinish
  ) {
    sizes = SketchSizes(sketch)
    self.plan = plan
    self.recall = recall
    self.matrix = matrix
    self.input = input
    self.finish = finish
    capacity = min(sketch.vocabulary, max(2 * plan.candidates, sketch.vocabulary / 8))
    meanBase = memory.copy(sketch.mean)
    meanRowBase = memory.copy(sketch.meanRow)
    boundsBase = memory.copy(sketch.bounds)
    centroidBase = memory.copy(sketch.centroids)
    codesBase = memory.copy(sketch.codes)
    biasBase = memory.copy(sketch.bias)
    let hidden = sketch.hidden
    centered = memory.floats(hidden)
    quantized = memory.bytes(sk_quantized_bytes(Int32((hidden + 63) & ~63)))
    directions = memory.floats(hidden)
    products = memory.floats(sketch.centroids.count)
    least = memory.floats(sketch.groups)
    ranges = memory.floats(sketch.groups)
    tables = memory.bytes(sketch.pairs * 32).assumingMemoryBound(to: UInt8.self)
    scores = memory.floats(sketch.blocks * HeadSketch.blockRows)
    blockBest = memory.floats(sketch.blocks)
    selected = memory.floats(max(sketch.vocabulary, sketch.blocks))
    ids = memory.bytes(capacity * 4).assumingMemoryBound(to: Int32.self)
    logits = memory.floats(capacity)
    basis = memory.bytes(MemoryLayout<sk_matrix>.stride).assumingMemoryBound(to: sk_matrix.self)
    rows = sketch.rows.map { [memory] in SketchRowScores($0, sketch, memory) }
    packBasis(sketch)
    let padded = sizes.blocks * HeadSketch.blockRows
    (scores + sketch.vocabulary).update(
      repeating: -.infinity, count: padded - sketch.vocabulary)
  }

  /// Bytes that the sketch and the rows touched so far read per call, on average.
  var bytesPerCall: Int {
    let rows = calls > 0 ? rowsTouched / calls : plan.candidates
    return sizes.byteCount + rows * Int(matrix.pointee.row_bytes)
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
    if worker.index == 0 { center(row) }
    worker.barrier()
    let own = worker.share(of: sizes.hidden, unit: 16)
    sk_gemv(basis, quantized, directions, Int32(own.lowerBound), Int32(own.upperBound))
    worker.barrier()
    let blocks = worker.share(of: sizes.blocks)
    if let rows {
      rows.score(blocks, worker, directions: directions, scores: scores, best: blockBest)
    } else {
      scoreCodes(blocks, worker)
    }
    worker.barrier()
    if worker.index == 0 { choose() }
    worker.barrier()
    exact(worker, row: row)
    worker.barrier()
    if worker.index == 0 { review() }
    worker.barrier()
    if goesOn { exact(worker, row: row) }
    worker.barrier()
    if worker.index == 0 { finish.apply(logits, count: count) }
  }

  // MARK: - Scores

  /// Scores from look-ups: tables of this hidden state, then sums by code.
  private func scoreCodes(_ blocks: Range<Int>, _ worker: Worker) {
    let groups = worker.share(of: sizes.groups)
    for group in groups { look(group) }
    worker.barrier()
    let scale = tableScale()
    for group in groups { round(group, scale: scale) }
    worker.barrier()
    sk_sketch_scores(
      codesBase, tables, biasBase, Int32(sizes.pairs), scale, offset(), Int32(blocks.lowerBound),
      Int32(blocks.upperBound), scores, blockBest)
  }

  private func center(_ row: Int) {
    let hidden = input.row(row)
    var dot = SIMD8<Float>.zero
    for index in stride(from: 0, to: sizes.hidden, by: 8) {
      let h = UnsafeRawPointer(hidden + index).loadUnaligned(as: SIMD8<Float>.self)
      let m = UnsafeRawPointer(meanBase + index).loadUnaligned(as: SIMD8<Float>.self)
      let w = UnsafeRawPointer(meanRowBase + index).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(centered + index).storeBytes(of: h - m, as: SIMD8<Float>.self)
      dot += h * w
    }
    meanDot = dot.sum()
    sk_quantize(centered, Int32(sizes.hidden), quantized)
    if sk_wants_quantized(matrix) != 0 {
      sk_quantize(hidden, Int32(sizes.hidden), input.quantizedRow(row))
    }
  }

  /// Products of one group's directions with its 16 centroids.
  private func look(_ group: Int) {
    let start = boundsBase[group]
    let width = boundsBase[group + 1] - start
    var smallest = Float.infinity
    var greatest = -Float.infinity
    for code in 0..<16 {
      let centroid = centroidBase + 16 * start + code * width
      var sum: Float = 0
      for index in 0..<width { sum += centroid[index] * directions[start + index] }
      products[16 * start + code] = sum
      smallest = min(smallest, sum)
      greatest = max(greatest, sum)
    }
    least[group] = smallest
    ranges[group] = greatest - smallest
  }

  /// One scale for all tables, so that their entries can be summed as bytes.
  private func tableScale() -> Float {
    var widest: Float = 0
    for group in 0..<sizes.groups { widest = max(widest, ranges[group]) }
    return widest > 0 && widest.isFinite ? widest / 127 : 1
  }

  private func offset() -> Float {
    var sum: Float = 0
    for group in 0..<sizes.groups { sum += least[group] }
    return sum
  }

  private func round(_ group: Int, scale: Float) {
    let start = boundsBase[group]
    let inverse = 1 / scale
    for code in 0..<16 {
      let level = (products[16 * start + code] - least[group]) * inverse
      // A hidden state that is not finite must not trap; its scores mean nothing, so any will do.
      tables[16 * group + code] = level.isFinite ? UInt8(min(127, (level + 0.5).rounded(.down))) : 0
    }
  }

  // MARK: - Selection, on worker 0

  /// The k' best scores: at least as many blocks as k' have a best score among the k' best of blocks, so that
  /// few rows need be looked at. Where there are fewer blocks, or rows crowd, all scores are ranked.
  private func choose() {
    calls += 1
    let wanted = min(plan.candidates, sizes.vocabulary)
    var found = capacity + 1
    if sizes.blocks >= wanted {
      selected.update(from: blockBest, count: sizes.blocks)
      found = gather(
        largest(wanted, of: UnsafeMutableBufferPointer(start: selected, count: sizes.blocks)))
    }
    if found > capacity {
      found = sizes.vocabulary
      selected.update(from: scores, count: found)
    } else {
      for index in 0..<found { selected[index] = scores[Int(ids[index])] }
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
    for block in 0..<sizes.blocks where blockBest[block] >= floor {
      let start = block * HeadSketch.blockRows
      let room = max(capacity - found, 0)
      found += Int(
        sk_select_above(
          scores + start, Int32(HeadSketch.blockRows), floor, Int32(start),
          ids + min(found, capacity),
          Int32(room)))
    }
    return found
  }

  private func exact(_ worker: Worker, row: Int) {
    let own = worker.share(of: count, unit: 16)
    let x =
      sk_wants_quantized(matrix) != 0
      ? UnsafeRawPointer(input.quantizedRow(row)!) : UnsafeRawPointer(input.row(row))
    sk_gemv_rows(matrix, x, ids, Int32(own.lowerBound), Int32(own.upperBound), logits)
  }

  /// Goes on to every row whose score the sketch's deviation cannot rule out.
  private func review() {
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
    var energy: Float = 0
    for index in 0..<sizes.hidden { energy += directions[index] * directions[index] }
    let deviation = sizes.deviation * (energy / Float(sizes.hidden)).squareRoot()
    let floor = frontier - meanDot - recall.doubt * deviation
    // A floor that is not a number also ends here: the dense head decides.
    guard !(floor >= threshold) else { return }
    let found = gather(floor)
    goesOn = found > 0 && found <= capacity
    count = goesOn ? found : 0
    rowsTouched += goesOn ? found : sizes.vocabulary
  }

  // MARK: - Packing

  private func packBasis(_ sketch: HeadSketch) {
    var layout = sk_matrix()
    layout.rows = Int32(sketch.hidden)
    layout.columns = Int32(sketch.hidden)
    _ = sk_packed_format(SK_GGUF_Q8_0, &layout.format, &layout.block, &layout.minimums)
    layout.row_bytes = sk_row_bytes(
      layout.format, layout.block, layout.minimums, layout.columns)
    layout.data = UnsafeRawPointer(memory.bytes(Int(layout.row_bytes) * sketch.hidden))
    basis.initialize(to: layout)
    sketch.basis.withUnsafeBytes {
      sk_pack_rows(basis, SK_GGUF_Q8_0, $0.baseAddress, 0, Int32(sketch.hidden))
    }
  }
}

/// A sketch's sizes, without its arrays: those are copied to fixed addresses and let go.
private struct SketchSizes: BitwiseCopyable {
  let vocabulary: Int
  let hidden: Int
  let groups: Int
  let pairs: Int
  let blocks: Int
  let byteCount: Int
  let deviation: Float

  init(_ sketch: HeadSketch) {
    vocabulary = sketch.vocabulary
    hidden = sketch.hidden
    groups = sketch.groups
    pairs = sketch.pairs
    blocks = sketch.blocks
    byteCount = sketch.byteCount
    deviation = sketch.deviation
  }
}
