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
  private var wantsQuantized: Bool { sk_wants_quantized(matrix) != 0 }

  /// Brings the input of a batch with this number into the form that the rows' kernels read.
  func prepare(_ input: Int, directions: UnsafePointer<Float>) {
    if wantsQuantized { quantized.quantize(directions, columns, into: input) }
  }

  /// Products of the rows of `blocks` with all `inputs` of a batch: `directions`, `stride` elements
  /// apart, or what `prepare` made of them.
  func multiplyAll(
    _ blocks: Range<Int>, inputs: Int, directions: UnsafePointer<Float>, stride: Int,
    scores: UnsafeMutablePointer<Float>, scoreStride: Int
  ) {
    let rows = rows(blocks)
    let x = wantsQuantized ? quantized[0] : UnsafeRawPointer(directions)
    sk_gemm(
      matrix, x, wantsQuantized ? quantized.stride : 4 * stride, Int32(inputs), scores,
      Int64(scoreStride), Int32(rows.lowerBound), Int32(rows.upperBound))
  }

  /// The same with a single input that a worker has for itself.
  func multiply(
    _ parts: (Range<Int>, Range<Int>), _ worker: Worker, directions: UnsafePointer<Float>,
    scores: UnsafeMutablePointer<Float>
  ) {
    let x =
      wantsQuantized
      ? quantized.quantize(directions, columns, into: worker.index) : UnsafeRawPointer(directions)
    func multiply(_ blocks: Range<Int>) {
      let rows = rows(blocks)
      sk_gemv(matrix, x, scores, Int32(rows.lowerBound), Int32(rows.upperBound))
    }
    multiply(parts.0)
    multiply(parts.1)
  }

  /// Adds the rows' biases and a constant to the products of `blocks`; `best` gets each block's
  /// best score, where it is wanted.
  func finish(
    _ blocks: Range<Int>, plus constant: Float, scores: UnsafeMutablePointer<Float>,
    best: UnsafeMutablePointer<Float>?
  ) {
    guard !blocks.isEmpty else { return }
    let rows = rows(blocks)
    sk_add_acc(bias + rows.lowerBound, scores + rows.lowerBound, Int32(rows.count))
    if constant != 0 { for row in rows { scores[row] += constant } }
    guard let best else { return }
    for block in blocks {
      let own = scores + block * RowSketch.blockRows
      best[block] = own[Int(sk_argmax(own, Int32(RowSketch.blockRows)))]
    }
  }

  private func rows(_ blocks: Range<Int>) -> Range<Int> {
    let end = min(blocks.upperBound * RowSketch.blockRows, Int(matrix.pointee.rows))
    return blocks.lowerBound * RowSketch.blockRows..<end
  }
}
