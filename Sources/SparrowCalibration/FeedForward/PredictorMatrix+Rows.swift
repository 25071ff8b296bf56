internal import CSparrowKernels
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
    if type == .q8_0 { return Q8Blocks.quantized(rows) }
    var bytes = [UInt8](repeating: 0, count: type.byteCount(elements: count)!)
    bytes.withUnsafeMutableBytes { target in
      if type == .q4_0 {
        _ = sk_encode_row(SK_GGUF_Q4_0, rows[0], Int32(count), target.baseAddress!)
      } else {
        sk_to_f16(
          rows[0], target.baseAddress!.assumingMemoryBound(to: UInt16.self), Int32(count))
      }
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
