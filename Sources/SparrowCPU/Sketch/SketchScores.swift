internal import CSparrowKernels
internal import SparrowBlocks
import SparrowCore
import SparrowSparsity

/// Scores of all rows of a sketch: what HiRE's first stage computes instead of the exact products.
///
/// Two phases: `turn` brings an input into the sketch's directions, `score` sums what the rows'
/// codes stand for, with a barrier between them unless `turnsAlone`. `turnAll` and `scoreAll` do so
/// for a batch, reading the sketch once; each input gets the same bits. Plain pointers into
/// `OwnedMemory`, so that it can lie in a lowered operation.
struct SketchScores: BitwiseCopyable {
  let rowCount: Int
  let hidden: Int
  let groups: Int
  let pairs: Int
  let blocks: Int
  /// Bytes that scoring all rows reads.
  let byteCount: Int
  /// `[inputs][directionCount]`, the inputs in the sketch's directions.
  let directions: UnsafeMutablePointer<Float>
  let directionCount: Int
  /// `[inputs][blocks · 64]`; minus infinity behind the last row.
  private let scores: UnsafeMutablePointer<Float>
  /// `[inputs][blocks]`: the best score of each block.
  private let blockBest: UnsafeMutablePointer<Float>
  private let ranksBlocks: Bool

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

  // What is made of an input: of a batch's in the place of its number, of a single one every worker
  // has a place of its own.
  /// `[hidden]`, and quantised.
  private let centered: PerWorker<Float>
  private let quantized: QuantizedRows
  /// meanRow · h
  private let meanDots: PerWorker<Float>
  /// `[pairs][2][16]`, and what their steps stand for.
  private let tables: PerWorker<UInt8>
  private let steps: PerWorker<TableSteps>

  /// `[groups][16]`, of each worker.
  private let products: PerWorker<Float>

  /// `inputs` are the rows of a step at most; blocks are ranked where a search wants their best.
  init(
    _ sketch: RowSketch, inputs: Int, workers: Int, ranksBlocks: Bool = false, memory: OwnedMemory
  ) {
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
    let places = max(inputs, workers)
    centered = PerWorker(hidden, workers: places, memory: memory)
    quantized = QuantizedRows(places, width: hidden, memory: memory)
    meanDots = PerWorker(1, workers: places, memory: memory)
    tables = PerWorker(pairs * 32, workers: places, memory: memory)
    steps = PerWorker(1, workers: places, memory: memory)
    products = PerWorker(groups * 16, workers: workers, memory: memory)
    self.ranksBlocks = ranksBlocks
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

  /// The best score of each block, `[blocks]`.
  func blockBest(of input: Int) -> UnsafeMutablePointer<Float> { blockBest + input * blocks }

  /// meanRow · h, which scores lack, of an input of a step of so many.
  func meanDot(_ worker: Worker, of input: Int, inputs: Int) -> Float {
    meanDots[inputs == 1 ? worker.index : input].pointee
  }

  // MARK: - A single input

  /// Whether each worker has all directions of a single input for itself: they are the columns.
  var turnsAlone: Bool { basis == nil }

  /// This worker's share of a single input's directions.
  func turn(_ worker: Worker, _ values: UnsafePointer<Float>) {
    center(values, into: worker.index)
    let centered = centered[worker]
    guard let basis else {
      // Every column is a direction.
      let own = worker.share(of: hidden, unit: 16)
      (directions + own.lowerBound).update(from: centered + own.lowerBound, count: own.count)
      return
    }
    let x = quantized.quantize(centered, hidden, into: worker.index)
    let own = worker.share(of: directionCount, unit: 16)
    sk_gemv(basis, x, directions, Int32(own.lowerBound), Int32(own.upperBound))
  }

  /// Scores of the rows of the blocks in `parts`, with meanRow · h where that is wanted, for a
  /// single input whose directions are all there.
  func score(_ worker: Worker, _ parts: (Range<Int>, Range<Int>), withMean: Bool) {
    let x = turnsAlone ? centered[worker] : directions
    let constant = withMean ? meanDots[worker].pointee : 0
    if let rows {
      let best = ranksBlocks ? blockBest : nil
      rows.multiply(parts, worker, directions: x, scores: scores)
      rows.finish(parts.0, plus: constant, scores: scores, best: best)
      rows.finish(parts.1, plus: constant, scores: scores, best: best)
      return
    }
    makeTables(worker, x, place: worker.index)
    look(parts.0, input: 0, place: worker.index, plus: constant)
    look(parts.1, input: 0, place: worker.index, plus: constant)
  }

  // MARK: - A batch

  /// Brings all inputs of a batch into the sketch's directions, and these into the form that
  /// `scoreAll` reads; workers wait for each other.
  func turnAll(_ worker: Worker, inputs: Int, _ x: InputRows) {
    let own = worker.share(of: inputs)
    for input in own {
      center(x[input], into: input)
      if basis == nil {
        (directions + input * directionCount).update(from: centered[input], count: hidden)
      } else {
        quantized.quantize(centered[input], hidden, into: input)
      }
    }
    if let basis {
      worker.barrier()
      let share = worker.share(of: directionCount, unit: 16)
      sk_gemm(
        basis, quantized[0], quantized.stride, Int32(inputs), directions, Int64(directionCount),
        Int32(share.lowerBound), Int32(share.upperBound))
      worker.barrier()
    }
    for input in own {
      let x = directions + input * directionCount
      if let rows {
        rows.prepare(input, directions: x)
      } else {
        makeTables(worker, x, place: input)
      }
    }
    worker.barrier()
  }

  /// As `score`, for all inputs of a batch.
  func scoreAll(_ worker: Worker, inputs: Int, _ part: Range<Int>, withMean: Bool) {
    for start in stride(from: part.lowerBound, to: part.upperBound, by: Self.blocksAtOnce) {
      let blocks = start..<min(start + Self.blocksAtOnce, part.upperBound)
      rows?.multiplyAll(
        blocks, inputs: inputs, directions: directions, stride: directionCount, scores: scores,
        scoreStride: self.blocks * RowSketch.blockRows)
      for input in 0..<inputs {
        let constant = withMean ? meanDots[input].pointee : 0
        if let rows {
          rows.finish(
            blocks, plus: constant, scores: scores(of: input),
            best: ranksBlocks ? blockBest(of: input) : nil)
        } else {
          look(blocks, input: input, place: input, plus: constant)
        }
      }
    }
  }

  /// Blocks that lie in a first-level cache while all inputs are scored.
  private static let blocksAtOnce = 4

  // MARK: - Parts of both

  /// What the numbers in an input's tables stand for.
  private struct TableSteps: BitwiseCopyable {
    var scale: Float
    var offset: Float
  }

  private func center(_ values: UnsafePointer<Float>, into place: Int) {
    let centered = centered[place]
    var dot = SIMD8<Float>.zero
    for index in stride(from: 0, to: hidden, by: 8) {
      let h = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self)
      let m = UnsafeRawPointer(mean + index).loadUnaligned(as: SIMD8<Float>.self)
      let w = UnsafeRawPointer(meanRow + index).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(centered + index).storeBytes(of: h - m, as: SIMD8<Float>.self)
      dot += h * w
    }
    meanDots[place].pointee = dot.sum()
  }

  private func makeTables(_ worker: Worker, _ x: UnsafePointer<Float>, place: Int) {
    var offset: Float = 0
    let scale = sk_sketch_tables(
      x, centroids, bounds, Int32(groups), products[worker], tables[place], &offset)
    steps[place].pointee = TableSteps(scale: scale, offset: offset)
  }

  /// Looks the rows of `blocks` up in the tables of an input.
  private func look(_ blocks: Range<Int>, input: Int, place: Int, plus constant: Float) {
    guard !blocks.isEmpty else { return }
    let steps = steps[place].pointee
    sk_sketch_scores(
      codes, tables[place], bias, Int32(pairs), steps.scale, steps.offset + constant,
      Int32(blocks.lowerBound), Int32(blocks.upperBound), scores(of: input), blockBest(of: input))
  }

  /// |x|² of an input, over all directions of the basis.
  func energy(input: Int) -> Float {
    let x = directions + input * directionCount
    var sum: Float = 0
    for index in 0..<directionCount { sum += x[index] * x[index] }
    return sum
  }
}
