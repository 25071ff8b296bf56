internal import CSparrowKernels
package import SparrowCore
package import SparrowTransformer

extension WeightBinding {
  /// A role's values as float32, row-major, whatever their format in the file: the weights that the
  /// engine computes with. None for a bias that the checkpoint lacks.
  ///
  /// Costs four bytes a value and, while it runs, the packed matrix. Throws `.unsupported` for
  /// types without a kernel layout, `.system` without memory.
  package func floats(
    _ role: WeightRole, pool: WorkerPool
  ) throws(SparrowError) -> [Float] {
    guard isMatrix(role) else { return try vector(role) ?? [] }
    let packing = try MatrixPacking(role: role, binding: self)
    let arena = try WeightArena(capacity: packing.packedBytes)
    var matrix = try packing.pack(into: arena.base, pool: pool)
    let (rows, columns) = (Int(matrix.rows), Int(matrix.columns))
    return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      for row in 0..<rows {
        sk_unpack_row(&matrix, Int32(row), values.baseAddress! + row * columns)
      }
      withExtendedLifetime(arena) { count = rows * columns }
    }
  }
}
