package import SparrowCore
package import SparrowTransformer

/// A model's weights as its backend computes with them: their sizes, and their values read back.
///
/// Safe to read from several threads.
package protocol BackendWeights: AnyObject, Sendable, WeightSizes {
  /// Rows and columns of a matrix that the model has.
  func shape(of role: WeightRole) -> (rows: Int, columns: Int)

  /// Expands a row of a matrix to float32, `[columns]`.
  func read(_ row: Int, of role: WeightRole, into target: UnsafeMutablePointer<Float>)

  /// A norm weight or bias; nil when the checkpoint has none.
  func vector(_ role: WeightRole) -> UnsafePointer<Float>?
}

extension BackendWeights {
  /// The L2 norm of each column of a matrix, `[columns]`; expands the whole matrix once.
  package func columnLengths(of role: WeightRole, pool: WorkerPool) -> [Float] {
    let (rows, columns) = shape(of: role)
    // For each worker: sums of squares, and a row.
    var memory = [Float](repeating: 0, count: 2 * pool.count * columns)
    return memory.withUnsafeMutableBufferPointer { memory in
      nonisolated(unsafe) let sums = memory.baseAddress!
      pool.run { worker in
        let own = sums + 2 * worker.index * columns
        let row = own + columns
        for index in worker.share(of: rows) {
          read(index, of: role, into: row)
          for column in 0..<columns { own[column] += row[column] * row[column] }
        }
      }
      return (0..<columns).map { column in
        (0..<pool.count).reduce(0) { $0 + sums[2 * $1 * columns + column] }.squareRoot()
      }
    }
  }

  /// What part of a layer's bytes the matrices of each input have.
  package func shares(ofLayer layer: Int) -> [LayerInput: Double] {
    var bytes: [LayerInput: Int] = [:]
    for input in LayerInput.allCases {
      bytes[input] = input.matrices.reduce(0) {
        $0 + (byteCount(of: WeightRole($1, layer: layer)) ?? 0)
      }
    }
    let total = bytes.values.reduce(0, +)
    return bytes.mapValues { Double($0) / Double(total) }
  }
}
