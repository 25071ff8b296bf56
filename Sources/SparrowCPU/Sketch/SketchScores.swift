internal import CSparrowKernels
internal import SparrowBlocks
import SparrowCore
import SparrowSparsity

/// Scores of all rows of a sketch: what HiRE's first stage computes instead of the exact products.
///
/// Two phases: `turn` brings inputs into the sketch's directions, `score` sums what the rows' codes
/// stand for, with a barrier between them unless `turnsAlone`. Plain pointers into `OwnedMemory`,
/// so that it can lie in a lowered operation.
struct SketchScores: BitwiseCopyable {
  let rowCount: Int
  let hidden: Int
  let groups: Int
  let pairs: Int
  let blocks: Int
  /// Bytes that scoring all rows reads.
  let byteCount: Int
  /// `[rows][directionCount]`, the inputs in the sketch's directions.
  let directions: UnsafeMutablePointer<Float>
  let directionCount: Int
  /// `[rows][blocks · 64]`; minus infinity behind the last row.
  let scores: UnsafeMutablePointer<Float>
  /// `[rows][blocks]`: the best score of each block.
  let blockBest: UnsafeMutablePointer<Float>

  private let mean: UnsafePointer<Float>
  private let meanRow: UnsafePointer<Float>
  private let bounds: UnsafePointer<Int32>
  /// `[directions][16]`
  private let centroids: UnsafePointer<Float>
  private let codes: UnsafePointer<UInt8>
  private let bias: UnsafePointer<UInt16>
  /// nil where directions are the columns.
  private let basis: UnsafeMutablePointer<sk_matrix>?
  /// The scalar sketch's rows with their bias; nil when rows are codes.
  private let rows: SketchRowScores?

  /// `[hidden]`, and quantised.
  private let centered: PerWorker<Float>
  private let quantized: QuantizedRows
  /// `[inputs]`
  private let meanDots: PerWorker<Float>
  /// `[groups][16]`
  private let products: PerWorker<Float>
  /// `[pairs][2][16]`
  private let tables: PerWorker<UInt8>

  /// `inputs` are the rows of a step at most.
  init(_ sketch: RowSketch, inputs: Int, workers: Int, memory: OwnedMemory) {
    rowCount = sketch.rowCount
    hidden = sketch.hidden
    groups = sketch.groups
    pairs = sketch.pairs
    blocks = sketch.blocks
    byteCount = sketch.byteCount
    directionCount = sketch.basis.isEmpty ? sketch.hidden : sketch.basisRows
    directions = memory.floats(inputs * directionCount)
    scores = memory.floats(inputs * blocks * RowSketch.blockRows)
    blockBest = memory.floats(inputs * blocks)
    mean = memory.copy(sketch.mean)
    meanRow = memory.copy(sketch.meanRow)
    bounds = memory.copy(sketch.bounds.map(Int32.init))
    centroids = memory.copy(sketch.centroidLanes)
    codes = memory.copy(sketch.codes)
    bias = memory.copy(sketch.bias)
    rows = sketch.rows.map { SketchRowScores($0, sketch, inputs: inputs, workers: workers, memory) }
    centered = PerWorker(hidden, workers: workers, memory: memory)
    quantized = QuantizedRows(workers, width: hidden, memory: memory)
    meanDots = PerWorker(inputs, workers: workers, memory: memory)
    products = PerWorker(groups * 16, workers: workers, memory: memory)
    tables = PerWorker(pairs * 32, workers: workers, memory: memory)
    basis =
      sketch.basis.isEmpty
      ? nil
      : memory.matrix(
        .q8_0, rows: directionCount, columns: hidden, bytes: sketch.basis)
    let padded = blocks * RowSketch.blockRows
    for input in 0..<inputs {
      (scores + input * padded + rowCount).update(repeating: -.infinity, count: padded - rowCount)
    }
  }

  /// The scores of one input, `[rowCount]` and the padding.
  func scores(of input: Int) -> UnsafeMutablePointer<Float> {
    scores + input * blocks * RowSketch.blockRows
  }

  /// meanRow · h, which scores lack, of an input that this worker has turned.
  func meanDot(_ worker: Worker, of input: Int) -> Float {
    meanDots[worker][input]
  }

  /// Whether each worker has all directions of the input that it turned last for itself: they are
  /// the columns.
  var turnsAlone: Bool { basis == nil }

  /// This worker's share of an input's directions.
  func turn(_ worker: Worker, _ values: UnsafePointer<Float>, input: Int) {
    let centered = centered[worker]
    var dot = SIMD8<Float>.zero
    for index in stride(from: 0, to: hidden, by: 8) {
      let h = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self)
      let m = UnsafeRawPointer(mean + index).loadUnaligned(as: SIMD8<Float>.self)
      let w = UnsafeRawPointer(meanRow + index).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(centered + index).storeBytes(of: h - m, as: SIMD8<Float>.self)
      dot += h * w
    }
    meanDots[worker][input] = dot.sum()
    let target = directions + input * directionCount
    guard let basis else {
      // Every column is a direction.
      let own = worker.share(of: hidden, unit: 16)
      (target + own.lowerBound).update(from: centered + own.lowerBound, count: own.count)
      return
    }
    let x = quantized.quantize(centered, hidden, into: worker.index)
    let own = worker.share(of: directionCount, unit: 16)
    sk_gemv(basis, x, target, Int32(own.lowerBound), Int32(own.upperBound))
  }

  /// Scores of the rows of the blocks in `parts`, and `constant`, for an input whose directions are
  /// all there.
  func score(
    _ worker: Worker, input: Int, _ parts: (Range<Int>, Range<Int>), plus constant: Float = 0
  ) {
    let x = turnsAlone ? centered[worker] : directions + input * directionCount
    let scores = scores(of: input)
    let best = blockBest + input * blocks
    if let rows {
      rows.score(
        parts, worker, directions: x, plus: constant, scores: scores, best: best)
      return
    }
    let tables = tables[worker]
    var offset: Float = 0
    let scale = sk_sketch_tables(
      x, centroids, bounds, Int32(groups), products[worker], tables, &offset)
    offset += constant
    func score(_ part: Range<Int>) {
      guard !part.isEmpty else { return }
      sk_sketch_scores(
        codes, tables, bias, Int32(pairs), scale, offset, Int32(part.lowerBound),
        Int32(part.upperBound), scores, best)
    }
    score(parts.0)
    score(parts.1)
  }

  /// Whether the inputs of a batch are scored together, which reads the sketch once: `quantizeAll`,
  /// then `scoreAll`.
  var scoresTogether: Bool { rows != nil }

  /// Quantises this worker's share of a batch's inputs, whose directions are all there.
  func quantizeAll(_ worker: Worker, inputs: Int) {
    guard let rows, rows.wantsQuantized else { return }
    for input in worker.share(of: inputs) {
      rows.quantize(input, directions: directions + input * directionCount)
    }
  }

  /// Scores of the rows of the blocks in `part` for all inputs of a batch, with meanRow · h, once
  /// all are quantised.
  func scoreAll(_ worker: Worker, inputs: Int, _ part: Range<Int>) {
    rows?.scoreAll(
      part, inputs: inputs, directions: directions, stride: directionCount,
      plus: meanDots[worker], scores: scores,
      scoreStride: blocks * RowSketch.blockRows)
  }

  /// |x|² of an input, over all directions of the basis.
  func energy(input: Int) -> Float {
    let x = directions + input * directionCount
    var sum: Float = 0
    for index in 0..<directionCount { sum += x[index] * x[index] }
    return sum
  }
}

extension RowSketch {
  /// Centroids by direction: 16 coordinates for each.
  fileprivate var centroidLanes: [Float] {
    guard rows == nil else { return [] }
    var lanes = [Float](repeating: 0, count: centroids.count)
    for group in 0..<groups {
      let start = bounds[group]
      let width = bounds[group + 1] - start
      for code in 0..<16 {
        for axis in 0..<width {
          lanes[16 * (start + axis) + code] = centroids[16 * start + code * width + axis]
        }
      }
    }
    return lanes
  }
}
