package import SparrowCore
import SparrowBlocks
import SparrowFormats

extension WeightBinding {
  /// A role's values as float32, row-major, whatever their format in the file: the weights that
  /// engines compute with. None for a bias that the checkpoint lacks.
  ///
  /// Costs four bytes a value. Throws `.unsupported` for types that hold no weights, `.malformed`
  /// for weights that are no numbers.
  package func floats(
    _ role: WeightRole, pool: WorkerPool? = nil
  ) throws(SparrowError) -> [Float] {
    guard isMatrix(role) else { return try vector(role) ?? [] }
    let source = matrix(role)
    guard source.entry.type.holdsWeights else { throw checkpoint.noWeights(source.entry) }
    let (rows, columns) = (source.rows.count, source.columns)
    nonisolated(unsafe) let bytes = checkpoint.bytes(of: source.entry).baseAddress!
    let values = [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      nonisolated(unsafe) let target = values.baseAddress!
      func expand(_ rows: Range<Int>) {
        for row in rows { source.expand(row, of: bytes, into: target + row * columns) }
      }
      if let pool { pool.run { expand($0.share(of: rows)) } } else { expand(0..<rows) }
      count = rows * columns
    }
    checkpoint.release(source.entry)
    guard values.allSatisfy(\.isFinite) else { throw checkpoint.noNumber(in: source.entry) }
    return values
  }
}

extension WeightSource {
  /// One row of the tensor's elements at `bytes`, `[columns]`.
  fileprivate func expand(
    _ row: Int, of bytes: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) {
    let type = entry.type
    let own = rows[row]
    guard transposed else {
      let start = own * columns / type.blockElements * type.blockBytes
      return type.expand(bytes + start, count: columns, into: target)
    }
    // `Conv1D` keeps `[in, out]`.
    let outputs = entry.shape[1]
    for column in 0..<columns {
      type.expand(
        bytes + (column * outputs + own) * type.blockBytes, count: 1, into: target + column)
    }
  }
}
