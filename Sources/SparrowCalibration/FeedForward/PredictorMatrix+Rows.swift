internal import SparrowBlocks
internal import SparrowCore
internal import SparrowNumerics
package import SparrowSparsity

extension PredictorMatrix {
  /// Rows in `.f16`, `.q8_0` or `.q4_0`. Throws `.argument` when they do not fill whole blocks.
  init(_ rows: FloatRows, type: ElementType) throws(SparrowError) {
    guard rows.columns % type.blockElements == 0 else {
      throw SparrowError(
        .argument, field: "coding", found: "\(type.rawValue) of \(rows.columns) columns",
        expected: "a multiple of \(type.blockElements)")
    }
    self.init(rows: rows.rows, columns: rows.columns, type: type, bytes: Self.bytes(rows, type))
  }

  private static func bytes(_ rows: FloatRows, _ type: ElementType) -> [UInt8] {
    let count = rows.rows * rows.columns
    var bytes = [UInt8](repeating: 0, count: type.byteCount(elements: count)!)
    bytes.withUnsafeMutableBytes { target in
      // Numbers beyond float16's become infinite there: no predictor has any.
      _ = type.encode(rows[0], count: count, into: target.baseAddress!)
    }
    return bytes
  }

  /// `floats()` as an array, `[rows][columns]`.
  package var values: [Float] {
    let rows = floats()
    return withExtendedLifetime(rows) { Array(rows.values) }
  }

  /// The rows as the decoding kernels read them, `[rows, columns]`.
  func floats() -> FloatRows {
    let result = FloatRows(rows: rows, columns: columns)
    bytes.withUnsafeBytes { result.expand(0..<rows, from: $0.baseAddress!, type) }
    return result
  }
}
