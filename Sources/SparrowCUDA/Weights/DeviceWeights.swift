import CSparrowCUDA
import SparrowBlocks
package import SparrowCore
import SparrowFormats
import SparrowEngine
package import SparrowTransformer

/// A model's weights in a device's memory: matrices as floats, vectors here and there.
package final class DeviceWeights: BackendWeights, @unchecked Sendable {
  private let matrices: [WeightRole: DeviceMatrix]
  private let vectors: [WeightRole: (host: UnsafeBufferPointer<Float>, device: DeviceBuffer)]
  package let byteCount: Int

  /// Throws what reading the weights throws, and `.system` with both sizes where the device has
  /// too little memory.
  package init(
    _ binding: WeightBinding, pool: WorkerPool, in context: CUDAContext
  ) throws(SparrowError) {
    var matrices: [WeightRole: DeviceMatrix] = [:]
    var vectors: [WeightRole: (host: UnsafeBufferPointer<Float>, device: DeviceBuffer)] = [:]
    for role in binding.roles {
      let values = try binding.floats(role, pool: pool)
      guard !values.isEmpty else { continue }
      if binding.isMatrix(role) {
        let type = binding.matrix(role).entry.type
        matrices[role] = try Self.matrix(
          values, rows: binding.matrix(role).rows.count, columns: binding.matrix(role).columns,
          type: [.f32, .f64].contains(type) ? .f32 : type == .bf16 ? .bf16 : .f16, context)
      } else {
        let host = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
        _ = host.initialize(from: values)
        let device = try DeviceBuffer(4 * values.count, in: context)
        try device.write(UnsafeRawBufferPointer(host))
        vectors[role] = (UnsafeBufferPointer(host), device)
      }
    }
    self.matrices = matrices
    self.vectors = vectors
    byteCount = matrices.values.reduce(0) { $0 + $1.byteCount }
    try context.synchronize()
  }

  deinit { vectors.values.forEach { $0.host.deallocate() } }

  private static func matrix(
    _ values: [Float], rows: Int, columns: Int, type: ElementType, _ context: CUDAContext
  ) throws(SparrowError) -> DeviceMatrix {
    let stride = StepBuffers.stride(columns)
    let rowBytes = stride * type.blockBytes
    var bytes = [UInt8](repeating: 0, count: rows * rowBytes)
    values.withUnsafeBufferPointer { values in
      bytes.withUnsafeMutableBytes { bytes in
        for row in 0..<rows {
          _ = type.encode(
            values.baseAddress! + row * columns, count: columns,
            into: bytes.baseAddress! + row * rowBytes)
        }
      }
    }
    let buffer = try DeviceBuffer(bytes.count, in: context)
    var failure: SparrowError?
    bytes.withUnsafeBytes { bytes in
      do throws(SparrowError) { try buffer.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return DeviceMatrix(
      rows: rows, columns: columns,
      format: type == .f32 ? SCU_F32 : type == .bf16 ? SCU_BF16 : SCU_F16, stride: stride,
      buffer: buffer)
  }

  /// The matrix of a role that the model has.
  package func matrix(_ role: WeightRole) -> DeviceMatrix {
    guard let matrix = matrices[role] else { preconditionFailure("unbound role \(role)") }
    return matrix
  }

  /// Where a norm weight or bias lies on the device; nil when the checkpoint has none.
  package func address(_ role: WeightRole) -> UInt64? { vectors[role]?.device.address }

  package func vector(_ role: WeightRole) -> UnsafePointer<Float>? {
    vectors[role]?.host.baseAddress
  }

  package func byteCount(of role: WeightRole) -> Int? { matrices[role]?.byteCount }

  package func rowBytes(of role: WeightRole) -> Int {
    matrices[role].map { $0.byteCount / $0.rows } ?? 0
  }

  package func columnBytes(of role: WeightRole) -> (all: Int, always: Int) {
    (byteCount(of: role) ?? 0, 0)
  }

  package func shape(of role: WeightRole) -> (rows: Int, columns: Int) {
    (matrix(role).rows, matrix(role).columns)
  }

  package func read(_ row: Int, of role: WeightRole, into target: UnsafeMutablePointer<Float>) {
    let matrix = matrix(role)
    let rowBytes = rowBytes(of: role)
    var bytes = [UInt8](repeating: 0, count: rowBytes)
    bytes.withUnsafeMutableBytes {
      try? matrix.buffer.read(into: $0, at: row * rowBytes)
    }
    let type: ElementType =
      matrix.format == SCU_F32 ? .f32 : matrix.format == SCU_BF16 ? .bf16 : .f16
    bytes.withUnsafeBytes { type.expand($0.baseAddress!, count: matrix.columns, into: target) }
  }
}
