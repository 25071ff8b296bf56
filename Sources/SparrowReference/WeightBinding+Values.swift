package import SparrowCore
internal import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

extension Reference {
  /// The weights of a checkpoint in float32, float16 or bfloat16. Throws `.unsupported` for other
  /// types.
  package convenience init(
    _ binding: WeightBinding, plan: SparsePlan = .dense
  ) throws(SparrowError) {
    try self.init(binding, plan: plan) { role throws(SparrowError) in try binding.values(role) }
  }
}

extension WeightBinding {
  /// A matrix row-major, or a vector; nothing for a bias that the checkpoint lacks.
  fileprivate func values(_ role: WeightRole) throws(SparrowError) -> [Float] {
    guard let source = self[role] else { return [] }
    let all = try checkpoint.floats(source.entry)
    guard isMatrix(role) else { return try vector(role) ?? [] }
    let (columns, outputs) = (source.columns, all.count / source.columns)
    return (0..<source.rows.count).flatMap { row in
      let own = source.rows[row]
      return (0..<columns).map {
        source.transposed ? all[$0 * outputs + own] : all[own * columns + $0]
      }
    }
  }
}
