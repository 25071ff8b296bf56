package import CSparrowKernels
package import SparrowCore
import SparrowEngine
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

/// A model's matrices in kernel layout and its vectors as float32, by role.
///
/// Loading packs one matrix after the other and gives the file's pages back behind it, so that the
/// peak of resident memory is the packed model and one matrix.
package final class PackedWeights: BackendWeights, @unchecked Sendable {
  private let arena: WeightArena
  private var matrices: [WeightRole: UnsafePointer<sk_matrix>] = [:]
  private var vectors: [WeightRole: UnsafePointer<Float>] = [:]
  /// Bytes of all packed matrices.
  package let byteCount: Int

  /// Packs what `binding` names, with `updates`.
  ///
  /// They must fit the model. Throws `.system` without memory, `.unsupported` for a type that has
  /// no kernel layout, `.mismatch` for an update beyond what its matrix's type can hold,
  /// `.cancelled` when `progress` stops it.
  package init(
    _ binding: WeightBinding, pool: WorkerPool, updates: WeightUpdates = WeightUpdates(),
    progress: Progress = .none
  ) throws(SparrowError) {
    var plans: [MatrixPacking] = []
    var vectorRoles: [WeightRole] = []
    for role in binding.roles {
      if binding.isMatrix(role) {
        plans.append(
          try MatrixPacking(role: role, binding: binding, update: updates.matrices[role]))
      } else {
        vectorRoles.append(role)
      }
    }
    let total = plans.reduce(0) { $0 + WeightArena.aligned($1.packedBytes) }
    arena = try WeightArena(capacity: total)
    byteCount = plans.reduce(0) { $0 + $1.packedBytes }
    var done = 0
    for (index, plan) in plans.enumerated() {
      if index + 1 < plans.count { plans[index + 1].readAhead() }
      try progress.report(.init(done, of: byteCount, .bytes))
      done += plan.packedBytes
      let packed = try plan.pack(into: arena.take(plan.packedBytes), pool: pool)
      let matrix = UnsafeMutablePointer<sk_matrix>.allocate(capacity: 1)
      matrix.initialize(to: packed)
      matrices[plan.role] = UnsafePointer(matrix)
    }
    try progress.report(.init(done, of: byteCount, .bytes))
    for role in vectorRoles {
      var values = updates.vectors[role]
      if values == nil { values = try binding.vector(role) }
      guard let values else { continue }
      let pointer = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
      pointer.initialize(from: values, count: values.count)
      vectors[role] = UnsafePointer(pointer)
    }
    binding.checkpoint.releaseAll()
  }

  deinit {
    matrices.values.forEach { $0.deallocate() }
    vectors.values.forEach { $0.deallocate() }
  }

  /// The matrix of a role that the configuration needs.
  package func matrix(_ role: WeightRole) -> UnsafePointer<sk_matrix> {
    guard let matrix = matrices[role] else { preconditionFailure("unbound role \(role)") }
    return matrix
  }

  /// Of matrices: norms and biases are next to nothing.
  package func byteCount(of role: WeightRole) -> Int? {
    matrices[role].map { Int($0.pointee.row_bytes) * Int($0.pointee.rows) }
  }

  package func rowBytes(of role: WeightRole) -> Int {
    matrices[role].map { Int($0.pointee.row_bytes) } ?? 0
  }

  package func columnBytes(of role: WeightRole) -> (all: Int, always: Int) {
    matrices[role].map { sk_columns.bytes(of: $0) } ?? (0, 0)
  }

  package func shape(of role: WeightRole) -> (rows: Int, columns: Int) {
    let matrix = matrix(role).pointee
    return (Int(matrix.rows), Int(matrix.columns))
  }

  package func read(_ row: Int, of role: WeightRole, into target: UnsafeMutablePointer<Float>) {
    sk_unpack_row(matrix(role), Int32(row), target)
  }

  package func vector(_ role: WeightRole) -> UnsafePointer<Float>? { vectors[role] }
}
