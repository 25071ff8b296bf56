internal import CSparrowKernels
import SparrowCore
import SparrowFormats
import SparrowTransformer

extension MatrixPacking {
  /// Throws `.malformed`, naming the tensor, unless these rows' weights are all numbers: one that is none
  /// makes every later token meaningless, and nothing else would say so.
  ///
  /// Reads of blocks the scales alone.
  func checkNumbers(_ rows: Range<Int>, pool: WorkerPool) throws(SparrowError) {
    let bytes = checkpoint.bytes(of: source.entry).baseAddress!
    let size = source.entry.type.blockBytes
    let areNumbers = UnsafeMutablePointer<Bool>.allocate(capacity: pool.count)
    defer { areNumbers.deallocate() }
    areNumbers.initialize(repeating: true, count: pool.count)
    /// `count` blocks of the tensor from `block` on.
    func look(_ block: Int, _ count: Int, _ worker: Int) {
      if sk_all_finite(type, bytes + block * size, Int64(count * blockElements)) == 0 {
        areNumbers[worker] = false
      }
    }
    pool.run { worker in
      let share = worker.share(of: rows.count)
      let own = rows.lowerBound + share.lowerBound..<rows.lowerBound + share.upperBound
      if source.transposed {
        // Stored [columns, rows of the tensor]: the rows are runs in each column.
        let outputs = source.entry.shape[1]
        source.rows.forEachPiece(of: own) { piece, start in
          for column in 0..<source.columns {
            look(column * outputs + start, piece.count, worker.index)
          }
        }
      } else {
        let rowBlocks = source.columns / blockElements
        source.rows.forEachPiece(of: own) { piece, start in
          look(start * rowBlocks, piece.count * rowBlocks, worker.index)
        }
      }
    }
    guard (0..<pool.count).allSatisfy({ areNumbers[$0] }) else {
      throw SparrowError(
        .malformed, file: checkpoint.path, field: source.entry.name,
        found: "a weight that is no number", expected: "finite weights; is the file damaged?")
    }
  }

  private var blockElements: Int { source.entry.type.blockElements }
}
