internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

extension RowSketch {
  /// The rows of `range` as their codes tell them: row i of `decoded` becomes row `range.lowerBound
  /// + i`.
  func decode(_ range: Range<Int>, into decoded: FloatRows, pool: WorkerPool) {
    if let rows, let type = rows.coding.type {
      rows.bytes.withUnsafeBytes { bytes in
        let first = bytes.baseAddress! + range.lowerBound * rows.rowBytes
        pool.run { worker in
          let own = worker.share(of: range.count)
          decoded.expand(own, from: first + own.lowerBound * rows.rowBytes, type)
        }
      }
      return
    }
    let pairs = pairs
    let groups = groups
    let blockRows = Self.blockRows
    codes.withUnsafeBufferPointer { codes in
      centroids.withUnsafeBufferPointer { centroids in
        bounds.withUnsafeBufferPointer { bounds in
          pool.run { worker in
            for index in worker.share(of: range.count) {
              let row = range.lowerBound + index
              let own = row / blockRows * pairs * blockRows + row % blockRows
              let target = decoded[index]
              for group in 0..<groups {
                let byte = codes[own + group / 2 * blockRows]
                let code = Int(group % 2 == 0 ? byte & 15 : byte >> 4)
                let start = bounds[group]
                let width = bounds[group + 1] - start
                for axis in 0..<width {
                  target[start + axis] = centroids[16 * start + code * width + axis]
                }
              }
            }
          }
        }
      }
    }
  }
}
