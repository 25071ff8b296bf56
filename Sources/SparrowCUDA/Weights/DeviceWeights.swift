import CSparrowCUDA
package import SparrowCore
import SparrowEngine
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer
import Synchronization

/// A model's matrices in the device's layouts and its vectors as float32, by role.
///
/// Weights go from the mapped file to the device in pieces: the host never holds more of them than
/// a piece or two.
package final class DeviceWeights: BackendWeights, @unchecked Sendable {
  /// Bytes of all packed matrices.
  package let byteCount: Int
  /// Where vectors lie, and matrices that have no memory of their own.
  private let memory: DeviceBuffer
  private var matrices: [WeightRole: DeviceMatrix] = [:]
  private var vectors: [WeightRole: UnsafeMutableBufferPointer<Float>] = [:]
  private var addresses: [WeightRole: UInt64] = [:]
  /// Calls of a context come one at a time.
  private let reading = Mutex(())
  /// Bytes of a piece on its way.
  private static let pieceBytes = 16 << 20
  /// What matrices and vectors begin at multiples of.
  private static let alignment = 256

  /// Packs what `binding` names, with `updates`, which must fit the model; layers' matrices as
  /// halves where they are wanted, each weight rounded.
  ///
  /// Throws `.system` with both sizes where the device has too little memory, `.unsupported` for a
  /// type that has no layout there, and what packing throws.
  package init(
    _ binding: WeightBinding, pool: WorkerPool, updates: WeightUpdates = WeightUpdates(),
    layersAsHalves: Bool = false, in context: CUDAContext
  ) throws(SparrowError) {
    var plans: [DevicePacking] = []
    var values: [(role: WeightRole, [Float])] = []
    for role in binding.roles {
      if binding.isMatrix(role) {
        plans.append(
          try DevicePacking(
            role, binding, update: updates.matrices[role],
            asHalves: layersAsHalves && role.layer != nil))
      } else {
        var vector = updates.vectors[role]
        if vector == nil { vector = try binding.vector(role) }
        if let vector { values.append((role, vector)) }
      }
    }
    byteCount = plans.reduce(0) { $0 + $1.layout.byteCount }
    let total =
      plans.reduce(0) { $0 + Self.aligned($1.layout.byteCount) }
      + values.reduce(0) { $0 + Self.aligned(4 * $1.1.count) }
    let free = try context.freeMemory()
    guard total <= free else {
      throw SparrowError(
        .system, file: binding.checkpoint.path, field: "cuda:\(context.device.ordinal)",
        found: "\(Quantity.bytes(total)) of weights",
        expected: "at most \(Quantity.bytes(free)), which are free there; or --device cpu")
    }
    memory = try DeviceBuffer(total, in: context)
    let rowBytes = plans.map(\.layout.rowBytes).max() ?? 0
    let vectorBytes = 4 * (values.map(\.1.count).max() ?? 0)
    let upload = try DeviceUpload(
      pieceBytes: max(Self.pieceBytes, rowBytes, vectorBytes), in: context)
    var offset = 0
    for plan in plans {
      matrices[plan.role] = try plan.send(upload, to: memory, at: offset, pool: pool)
      offset += Self.aligned(plan.layout.byteCount)
    }
    for (role, vector) in values {
      let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: vector.count)
      _ = copy.initialize(from: vector)
      vectors[role] = copy
      addresses[role] = memory.address + UInt64(offset)
      try upload.send(4 * vector.count, to: memory, at: offset) { target throws(SparrowError) in
        target.copyMemory(from: UnsafeRawPointer(copy.baseAddress!), byteCount: 4 * vector.count)
      }
      offset += Self.aligned(4 * vector.count)
    }
    try context.synchronize()
    binding.checkpoint.releaseAll()
  }

  /// Matrices that are on the device already, and vectors that are not.
  init(
    _ matrices: [WeightRole: DeviceMatrix], _ values: [WeightRole: [Float]],
    in context: CUDAContext
  ) throws(SparrowError) {
    self.matrices = matrices
    byteCount = matrices.values.reduce(0) { $0 + $1.byteCount }
    memory = try DeviceBuffer(
      values.values.reduce(256) { $0 + Self.aligned(4 * $1.count) }, in: context)
    var offset = 0
    for (role, vector) in values {
      let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: vector.count)
      _ = copy.initialize(from: vector)
      vectors[role] = copy
      addresses[role] = memory.address + UInt64(offset)
      try memory.write(vector, at: offset)
      offset += Self.aligned(4 * vector.count)
    }
  }

  deinit { vectors.values.forEach { $0.deallocate() } }

  private static func aligned(_ bytes: Int) -> Int {
    (bytes + alignment - 1) / alignment * alignment
  }

  /// The matrix of a role that the configuration needs.
  package func matrix(_ role: WeightRole) -> DeviceMatrix {
    guard let matrix = matrices[role] else { preconditionFailure("unbound role \(role)") }
    return matrix
  }

  /// Where a norm weight or bias lies on the device, float32; nil when the checkpoint has none.
  package func address(_ role: WeightRole) -> UInt64? { addresses[role] }

  // MARK: - BackendWeights

  /// Of matrices: norms and biases are next to nothing.
  package func byteCount(of role: WeightRole) -> Int? { matrices[role]?.byteCount }

  package func rowBytes(of role: WeightRole) -> Int { matrices[role]?.rowBytes ?? 0 }

  package func columnBytes(of role: WeightRole) -> (all: Int, always: Int) {
    matrices[role].map { ($0.byteCount, 0) } ?? (0, 0)
  }

  package func shape(of role: WeightRole) -> (rows: Int, columns: Int) {
    (matrix(role).rows, matrix(role).columns)
  }

  /// Zeros where the device is lost: the next step says so.
  package func read(_ row: Int, of role: WeightRole, into target: UnsafeMutablePointer<Float>) {
    let matrix = matrix(role)
    reading.withLock { _ in
      do throws(SparrowError) { try matrix.read(row, into: target) } catch {
        target.update(repeating: 0, count: matrix.columns)
      }
    }
  }

  package func vector(_ role: WeightRole) -> UnsafePointer<Float>? {
    vectors[role].map { UnsafePointer($0.baseAddress!) }
  }
}
