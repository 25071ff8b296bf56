internal import CSparrowKernels
internal import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

/// How one matrix gets from its file into kernel layout, with its low-rank update where it has one.
struct MatrixPacking {
  let role: WeightRole
  private let binding: WeightBinding
  private let update: LowRankUpdate?
  private let type: sb_type
  private let layout: sk_matrix

  /// The update must fit the matrix. Throws `.unsupported` for element types without a kernel
  /// layout.
  init(
    role: WeightRole, binding: WeightBinding, update: LowRankUpdate? = nil
  ) throws(SparrowError) {
    self.role = role
    self.binding = binding
    self.update = update
    let source = binding.matrix(role)
    let packed = WeightRows.type(of: role, binding, isUpdated: update != nil)
    guard source.entry.type.ggml != nil, let type = packed.ggml,
      let layout = sk_matrix(packing: type, rows: source.rows.count, columns: source.columns)
    else {
      throw binding.checkpoint.noWeights(source.entry)
    }
    self.type = type
    self.layout = layout
  }

  var packedBytes: Int { Int(layout.row_bytes) * Int(layout.rows) }

  /// Has the file's pages read while another matrix is packed.
  func readAhead() { binding.checkpoint.readAhead(binding.matrix(role).entry) }

  /// Packs into `memory` on all workers, then gives the file's pages back.
  ///
  /// Throws `.malformed` for weights that are no numbers, `.mismatch` where the update makes more
  /// of them than their type can hold.
  func pack(
    into memory: UnsafeMutableRawPointer, pool: WorkerPool
  ) throws(SparrowError) -> sk_matrix {
    let target = layout.at(memory)
    let rows = WeightRows(role, binding, update: update, workers: pool.count)
    for start in stride(from: 0, to: rows.count, by: rows.step) {
      let piece = start..<min(start + rows.step, rows.count)
      pool.run { worker in
        let share = worker.share(of: piece.count)
        rows.read(start + share.lowerBound..<start + share.upperBound, worker) { own, bytes in
          var packed = target.at(memory + own.lowerBound * Int(target.row_bytes))
          sk_pack_rows(&packed, type, bytes, 0, Int32(own.count))
          return update != nil || target.isFinite(own)
        }
      }
      try rows.release(piece)
    }
    return target
  }
}
