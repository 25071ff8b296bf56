package import SparrowBlocks
package import SparrowCore
import SparrowFormats
package import SparrowSparsity
package import SparrowTransformer

/// One matrix's rows on their way from its file into a backend's layout, with its low-rank update
/// where it has one.
///
/// Workers read them side by side, a piece of the matrix after the other, and the file's pages are
/// given back behind them.
package final class WeightRows: @unchecked Sendable {
  package let role: WeightRole
  package let count: Int
  package let columns: Int
  /// What rows are given in: the file's type, or what an update leaves of it.
  package let type: ElementType
  private let source: WeightSource
  private let checkpoint: Checkpoint
  private let merge: UpdateMerge?
  /// Of one row in the file.
  private let rowBytes: Int
  /// A row of each worker, where the file keeps columns.
  private let gathered: UnsafeMutableRawBufferPointer
  private let areNumbers: UnsafeMutableBufferPointer<Bool>
  /// File bytes that are resident at a time.
  private static let pieceBytes = 1 << 20

  /// The update must fit the matrix, whose type must hold weights.
  package init(
    _ role: WeightRole, _ binding: WeightBinding, update: LowRankUpdate?, workers: Int
  ) {
    self.role = role
    source = binding.matrix(role)
    checkpoint = binding.checkpoint
    count = source.rows.count
    columns = source.columns
    type = Self.type(of: role, binding, isUpdated: update != nil)
    merge = update.map { [type = source.entry.type] in
      UpdateMerge($0, from: type, workers: workers)
    }
    rowBytes = source.byteCount / max(1, source.rows.count)
    gathered = .allocate(byteCount: source.transposed ? workers * rowBytes : 0, alignment: 8)
    areNumbers = .allocate(capacity: workers)
    areNumbers.initialize(repeating: true)
  }

  deinit {
    gathered.deallocate()
    areNumbers.deallocate()
  }

  /// What a matrix's rows are given in.
  package static func type(
    of role: WeightRole, _ binding: WeightBinding, isUpdated: Bool
  ) -> ElementType {
    let own = binding.matrix(role).entry.type
    return isUpdated ? LowRankUpdate.mergedType(own) : own
  }

  /// Rows to read at a time, so that little of the file is resident.
  package var step: Int { max(1, Self.pieceBytes / max(1, rowBytes)) }

  /// Gives a worker's rows to `pack`, in runs that lie together: the rows, and where the bytes of
  /// the first one are. It answers whether they are numbers.
  package func read(
    _ rows: Range<Int>, _ worker: Worker, pack: (Range<Int>, UnsafeRawPointer) -> Bool
  ) {
    let bytes = checkpoint.bytes(of: source.entry).baseAddress!
    if merge == nil, !source.transposed {
      source.rows.forEachPiece(of: rows) { piece, start in
        if !pack(piece, bytes + start * rowBytes) { areNumbers[worker.index] = false }
      }
      return
    }
    for row in rows {
      var own = bytes + source.rows[row] * rowBytes
      if source.transposed {
        let memory = gathered.baseAddress! + worker.index * rowBytes
        gather(row, of: bytes, into: memory)
        own = UnsafeRawPointer(memory)
      }
      if let merge { own = merge.merge(row, own, worker: worker.index) }
      if !pack(row..<row + 1, own) { areNumbers[worker.index] = false }
    }
  }

  /// Gives the file's pages of rows back that all workers have read.
  ///
  /// Throws `.malformed` for weights that are no numbers, `.mismatch` where the update made more of
  /// them than their type can hold.
  package func release(_ rows: Range<Int>) throws(SparrowError) {
    guard merge?.startsFinite ?? areNumbers.allSatisfy({ $0 }) else {
      throw checkpoint.noNumber(in: source.entry)
    }
    guard merge?.fits ?? true else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, field: source.entry.name,
        found: "an update of the \(role) that makes its weights infinite",
        expected: "weights that \(source.entry.type.rawValue) can hold")
    }
    if rows.upperBound == count {
      checkpoint.release(source.entry)
    } else if !source.transposed {
      source.rows.forEachPiece(of: rows) { piece, start in
        let from = start * rowBytes
        checkpoint.release(source.entry, bytes: from..<from + piece.count * rowBytes)
      }
    }
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
