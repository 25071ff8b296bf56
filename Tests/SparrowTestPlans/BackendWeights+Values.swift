package import SparrowEngine
package import SparrowTransformer

extension BackendWeights {
  /// A matrix row by row, or a vector.
  package func values(_ role: WeightRole, of binding: WeightBinding) -> [Float] {
    guard binding.isMatrix(role) else {
      let count = binding[role]?.rows.count ?? 0
      return Array(UnsafeBufferPointer(start: vector(role), count: count))
    }
    let (rows, columns) = shape(of: role)
    return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      for row in 0..<rows { read(row, of: role, into: values.baseAddress! + row * columns) }
      count = rows * columns
    }
  }
}
