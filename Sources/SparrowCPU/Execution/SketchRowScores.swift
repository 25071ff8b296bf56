internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Scores of a scalar sketch (int4, low rank or both): a product of its packed rows with the hidden state's
/// directions, plus the bias.
struct SketchRowScores: BitwiseCopyable {
  private let matrix: UnsafeMutablePointer<sk_matrix>
  /// float32, `[vocabulary]`
  private let bias: UnsafeMutablePointer<Float>
  /// A quantised input for each worker.
  private let quantized: UnsafeMutableRawPointer
  private let quantizedStride: Int
  private static let maximumWorkers = 256

  init(_ rows: SketchRows, _ sketch: HeadSketch, _ memory: Scratch) {
    let type = rows.coding == .lowRank ? SK_GGUF_F16 : SK_GGUF_Q4_0
    var layout = sk_matrix()
    layout.rows = Int32(sketch.vocabulary)
    layout.columns = Int32(rows.directions)
    _ = sk_packed_format(type, &layout.format, &layout.block, &layout.minimums)
    layout.row_bytes = sk_row_bytes(
      layout.format, layout.block, layout.minimums, layout.columns)
    layout.data = UnsafeRawPointer(memory.bytes(Int(layout.row_bytes) * sketch.vocabulary))
    matrix = memory.bytes(MemoryLayout<sk_matrix>.stride).assumingMemoryBound(to: sk_matrix.self)
    matrix.initialize(to: layout)
    rows.bytes.withUnsafeBytes { [matrix] in
      sk_pack_rows(matrix, type, $0.baseAddress, 0, Int32(sketch.vocabulary))
    }
    bias = memory.floats(sketch.vocabulary)
    sk_from_f16(sketch.bias, bias, Int32(sketch.vocabulary))
    quantizedStride = (sk_quantized_bytes(Int32((rows.directions + 63) & ~63)) + 127) & ~127
    quantized = memory.bytes(quantizedStride * Self.maximumWorkers)
  }

  /// Scores of the rows of `blocks`, and each block's best.
  func score(
    _ blocks: Range<Int>, _ worker: Worker, directions: UnsafePointer<Float>,
    scores: UnsafeMutablePointer<Float>, best: UnsafeMutablePointer<Float>
  ) {
    guard !blocks.isEmpty else { return }
    var x = UnsafeRawPointer(directions)
    if sk_wants_quantized(matrix) != 0 {
      let own = quantized + worker.index * quantizedStride
      sk_quantize(directions, matrix.pointee.columns, own)
      x = UnsafeRawPointer(own)
    }
    let first = blocks.lowerBound * HeadSketch.blockRows
    let last = min(blocks.upperBound * HeadSketch.blockRows, Int(matrix.pointee.rows))
    sk_gemv(matrix, x, scores, Int32(first), Int32(last))
    sk_add_acc(bias + first, scores + first, Int32(last - first))
    for block in blocks {
      let own = scores + block * HeadSketch.blockRows
      best[block] = own[Int(sk_argmax(own, Int32(HeadSketch.blockRows)))]
    }
  }
}
