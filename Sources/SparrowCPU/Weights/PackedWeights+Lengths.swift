internal import CSparrowKernels
package import SparrowCore
package import SparrowTransformer

extension PackedWeights {
  /// The L2 norm of each column of a matrix, `[columns]`; expands the whole matrix once.
  package func columnLengths(of role: WeightRole, pool: WorkerPool) -> [Float] {
    let matrix = matrix(role)
    let columns = Int(matrix.pointee.columns)
    let memory = Scratch()
    // For each worker: sums of squares, and a row.
    let sums = memory.floats(2 * pool.count * columns)
    pool.run { worker in
      let own = sums + 2 * worker.index * columns
      let row = own + columns
      for index in worker.share(of: Int(matrix.pointee.rows)) {
        sk_unpack_row(matrix, Int32(index), row)
        for column in 0..<columns { own[column] += row[column] * row[column] }
      }
    }
    return (0..<columns).map { column in
      (0..<pool.count).reduce(0) { $0 + sums[2 * $1 * columns + column] }.squareRoot()
    }
  }
}
