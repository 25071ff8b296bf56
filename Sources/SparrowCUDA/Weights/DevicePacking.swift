import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

/// How one matrix gets from its file to the device, with its low-rank update where it has one.
struct DevicePacking {
  let role: WeightRole
  let layout: scu_matrix
  private let binding: WeightBinding
  private let update: LowRankUpdate?
  private let type: sb_type

  /// The update must fit the matrix. Throws `.unsupported` for element types without a layout.
  init(
    _ role: WeightRole, _ binding: WeightBinding, update: LowRankUpdate?, asHalves: Bool
  ) throws(SparrowError) {
    self.role = role
    self.binding = binding
    self.update = update
    let source = binding.matrix(role)
    guard source.entry.type.ggml != nil else {
      throw binding.checkpoint.noWeights(source.entry)
    }
    let packed = WeightRows.type(of: role, binding, isUpdated: update != nil)
    guard let type = packed.ggml,
      let layout = scu_matrix(
        type, rows: source.rows.count, columns: source.columns, asHalves: asHalves)
    else {
      throw SparrowError(
        .unsupported, file: binding.checkpoint.path, field: source.entry.name,
        found: packed.rawValue,
        expected: "floats or blocks of 3 to 8 bits, or --device cpu")
    }
    self.type = type
    self.layout = layout
  }

  /// Packs on all workers, piece by piece, into `memory` from `offset` on.
  ///
  /// Throws `.malformed` for weights that are no numbers, `.mismatch` where the update makes more
  /// of them than their type can hold.
  func send(
    _ upload: DeviceUpload, to memory: DeviceBuffer, at offset: Int, pool: WorkerPool
  ) throws(SparrowError) -> DeviceMatrix {
    let rows = WeightRows(role, binding, update: update, workers: pool.count)
    let rowBytes = layout.rowBytes
    let step = max(1, upload.pieceBytes / rowBytes)
    for start in stride(from: 0, to: rows.count, by: step) {
      let piece = start..<min(start + step, rows.count)
      try upload.send(piece.count * rowBytes, to: memory, at: offset + start * rowBytes) {
        target throws(SparrowError) in
        pool.run { worker in
          let share = worker.share(of: piece.count)
          rows.read(start + share.lowerBound..<start + share.upperBound, worker) { own, bytes in
            var layout = layout
            let to = target + (own.lowerBound - start) * rowBytes
            return scu_pack_rows(&layout, type, bytes, Int32(own.count), to) != 0
          }
        }
        try rows.release(piece)
      }
    }
    var argument = layout
    argument.weights = memory.address + UInt64(offset)
    return DeviceMatrix(argument, in: memory)
  }
}
