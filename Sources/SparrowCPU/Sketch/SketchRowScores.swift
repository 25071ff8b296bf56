internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Scores of a scalar sketch (int4, int5, low rank or both): a product of its packed rows with the
/// hidden state's directions, plus the bias.
struct SketchRowScores: BitwiseCopyable {
  private let matrix: UnsafeMutablePointer<sk_matrix>
  private let columns: Int
  /// float32, `[rows]`
  private let bias: UnsafeMutablePointer<Float>
  /// A quantised input for each worker, or for each input of a batch.
  private let quantized: QuantizedRows

  init(
    _ rows: SketchRows, _ sketch: RowSketch, inputs: Int, workers: Int, _ memory: OwnedMemory
  ) {
    guard let type = rows.coding.type else { preconditionFailure("codes are not rows") }
    matrix = memory.matrix(
      type, rows: sketch.rowCount, columns: rows.directions, bytes: rows.bytes)
    bias = memory.floats(sketch.rowCount)
    sk_from_f16(sketch.bias, bias, Int32(sketch.rowCount))
    columns = rows.directions
    quantized = QuantizedRows(max(inputs, workers), width: columns, memory: memory)
  }

  /// Whether the rows' kernels read their inputs in 8 bits.
  var wantsQuantized: Bool { sk_wants_quantized(matrix) != 0 }

  /// Quantises the input of a batch with this number.
  func quantize(_ input: Int, directions: UnsafePointer<Float>) {
    quantized.quantize(directions, columns, into: input)
  }

  /// Scores of the rows of `part`, which are blocks, for all `inputs` of a batch: `directions`,
  /// `stride` elements apart, or what `quantize` made of them. Adds a constant for each; no block's
  /// best is looked for.
  func scoreAll(
    _ part: Range<Int>, inputs: Int, directions: UnsafePointer<Float>, stride: Int,
    plus constants: UnsafePointer<Float>, scores: UnsafeMutablePointer<Float>, scoreStride: Int
  ) {
    guard !part.isEmpty else { return }
    let first = part.lowerBound * RowSketch.blockRows
    let last = min(part.upperBound * RowSketch.blockRows, Int(matrix.pointee.rows))
    let x = wantsQuantized ? quantized[0] : UnsafeRawPointer(directions)
    sk_gemm(
      matrix, x, wantsQuantized ? quantized.stride : 4 * stride, Int32(inputs), scores,
      Int64(scoreStride), Int32(first), Int32(last))
    for input in 0..<inputs {
      let own = scores + input * scoreStride
      sk_add_acc(bias + first, own + first, Int32(last - first))
      if constants[input] != 0 { for row in first..<last { own[row] += constants[input] } }
    }
  }

  /// Scores of the rows of `parts`, which are blocks, and `constant`, and each block's best.
  func score(
    _ parts: (Range<Int>, Range<Int>), _ worker: Worker, directions: UnsafePointer<Float>,
    plus constant: Float, scores: UnsafeMutablePointer<Float>, best: UnsafeMutablePointer<Float>
  ) {
    let x =
      wantsQuantized
      ? quantized.quantize(directions, columns, into: worker.index) : UnsafeRawPointer(directions)
    score(parts.0, x, constant, scores, best)
    score(parts.1, x, constant, scores, best)
  }

  private func score(
    _ blocks: Range<Int>, _ x: UnsafeRawPointer, _ constant: Float,
    _ scores: UnsafeMutablePointer<Float>, _ best: UnsafeMutablePointer<Float>
  ) {
    guard !blocks.isEmpty else { return }
    let first = blocks.lowerBound * RowSketch.blockRows
    let last = min(blocks.upperBound * RowSketch.blockRows, Int(matrix.pointee.rows))
    sk_gemv(matrix, x, scores, Int32(first), Int32(last))
    sk_add_acc(bias + first, scores + first, Int32(last - first))
    if constant != 0 { for row in first..<last { scores[row] += constant } }
    for block in blocks {
      let own = scores + block * RowSketch.blockRows
      best[block] = own[Int(sk_argmax(own, Int32(RowSketch.blockRows)))]
    }
  }
}
