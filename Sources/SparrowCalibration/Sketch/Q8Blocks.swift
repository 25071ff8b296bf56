internal import SparrowBlocks
internal import SparrowCore
internal import SparrowNumerics

/// GGUF's Q8_0: blocks of 32 weights, a float16 scale and 32 signed bytes.
enum Q8Blocks {
  /// The first rows (by default all) of a matrix whose order is a multiple of 32, one after
  /// another.
  static func quantized(_ matrix: SquareMatrix, rows: Int? = nil) -> [UInt8] {
    quantized(count: (rows ?? matrix.order) * matrix.order) { Float(matrix[0][$0]) }
  }

  /// All rows of a matrix whose columns are a multiple of 32.
  static func quantized(_ matrix: FloatRows) -> [UInt8] {
    quantized(count: matrix.rows * matrix.columns) { matrix[0][$0] }
  }

  private static func quantized(count: Int, _ value: (Int) -> Float) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: ElementType.q8_0.byteCount(elements: count)!)
    _ = ElementType.q8_0.encode((0..<count).map(value), count: count, into: &result)
    return result
  }
}
