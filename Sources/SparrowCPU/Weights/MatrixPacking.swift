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
  private let source: WeightSource
  private let checkpoint: Checkpoint
  private let update: LowRankUpdate?
  private let type: sb_type
  private let layout: sk_matrix
  /// File bytes that are resident at a time while packing.
  private static let chunkBytes = 1 << 20

  /// The update must fit the matrix. Throws `.unsupported` for element types without a kernel
  /// layout.
  init(
    role: WeightRole, binding: WeightBinding, update: LowRankUpdate? = nil
  ) throws(SparrowError) {
    self.role = role
    source = binding.matrix(role)
    checkpoint = binding.checkpoint
    self.update = update
    let own = source.entry.type
    let packed = update == nil ? own : LowRankUpdate.mergedType(own)
    guard let type = own.ggml, let target = packed.ggml,
      let layout = sk_matrix(packing: target, rows: source.rows.count, columns: source.columns)
    else {
      throw checkpoint.noWeights(source.entry)
    }
    self.type = type
    self.layout = layout
  }

  var packedBytes: Int { Int(layout.row_bytes) * source.rows.count }

  /// Packs into `memory` on all workers, then gives the file's pages back.
  ///
  /// Throws `.malformed` for weights that are no numbers, `.mismatch` where the update makes more
  /// of them than their type can hold.
  func pack(
    into memory: UnsafeMutableRawPointer, pool: WorkerPool
  ) throws(SparrowError) -> sk_matrix {
    let target = layout.at(memory)
    let merge = update.map { UpdateMerge($0, from: source.entry.type, workers: pool.count) }
    let bytes = checkpoint.bytes(of: source.entry).baseAddress!
    let rowBytes = source.byteCount / max(1, source.rows.count)
    let step = max(1, Self.chunkBytes / max(1, rowBytes))
    let gathered = UnsafeMutableRawBufferPointer.allocate(
      byteCount: source.transposed ? pool.count * rowBytes : 0, alignment: 8)
    let areNumbers = UnsafeMutableBufferPointer<Bool>.allocate(capacity: pool.count)
    areNumbers.initialize(repeating: true)
    defer {
      gathered.deallocate()
      areNumbers.deallocate()
    }
    for start in stride(from: 0, to: source.rows.count, by: step) {
      let rows = min(step, source.rows.count - start)
      pool.run { worker in
        let share = worker.share(of: rows)
        let own = start + share.lowerBound..<start + share.upperBound
        if let merge {
          merge.pack(own, into: target, worker: worker.index) { row, memory in
            guard source.transposed else { return bytes + source.rows[row] * rowBytes }
            gather(row, of: bytes, into: memory)
            return UnsafeRawPointer(memory)
          }
        } else if source.transposed {
          let rowMemory = gathered.baseAddress! + worker.index * rowBytes
          for row in own {
            gather(row, of: bytes, into: rowMemory)
            var packed = target.at(memory + row * Int(target.row_bytes))
            sk_pack_rows(&packed, type, rowMemory, 0, 1)
          }
        } else {
          source.rows.forEachPiece(of: own) { piece, start in
            withUnsafePointer(to: target) {
              sk_pack_rows(
                $0, type, bytes + (start - piece.lowerBound) * rowBytes, Int32(piece.lowerBound),
                Int32(piece.upperBound))
            }
          }
        }
        if merge == nil, !target.isFinite(own) { areNumbers[worker.index] = false }
      }
      guard merge?.startsFinite ?? areNumbers.allSatisfy({ $0 }) else {
        throw checkpoint.noNumber(in: source.entry)
      }
      if !source.transposed {
        source.rows.forEachPiece(of: start..<start + rows) { piece, start in
          let from = start * rowBytes
          checkpoint.release(source.entry, bytes: from..<from + piece.count * rowBytes)
        }
      }
    }
    checkpoint.release(source.entry)
    guard merge?.fits ?? true else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, field: source.entry.name,
        found: "an update of the \(role) that makes its weights infinite",
        expected: "weights that \(source.entry.type.rawValue) can hold")
    }
    return target
  }

  /// `Conv1D` keeps `[in, out]`: gathers an output's column into a row.
  private func gather(
    _ row: Int, of bytes: UnsafeRawPointer, into target: UnsafeMutableRawPointer
  ) {
    let size = source.entry.type.blockBytes
    let outputs = source.entry.shape[1]
    let output = source.rows[row]
    for column in 0..<source.columns {
      let from = bytes + (column * outputs + output) * size
      (target + column * size).copyMemory(from: from, byteCount: size)
    }
  }
}
