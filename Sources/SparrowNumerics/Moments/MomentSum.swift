package import SparrowCore

/// Mean and covariance of vectors that come in groups, without keeping them.
///
/// Products are float32 within a group, taken about the first group's mean so that large means
/// cancel nothing, and summed in float64. Costs 2 · dimension² operations a vector.
package final class MomentSum {
  package let dimension: Int
  package private(set) var count = 0
  private var center: [Float]
  private var sums: [Double]
  private let products: SquareMatrix
  private let pool: WorkerPool
  /// Vectors that one product takes.
  private static let groupRows = 512

  package init(dimension: Int, pool: WorkerPool) {
    self.dimension = dimension
    self.pool = pool
    center = Array(repeating: 0, count: dimension)
    sums = Array(repeating: 0, count: dimension)
    products = SquareMatrix(order: dimension)
  }

  /// Adds the first `count` rows.
  package func add(_ rows: FloatRows, count: Int) {
    if self.count == 0, count > 0 { setCenter(rows, count: count) }
    for start in stride(from: 0, to: count, by: Self.groupRows) {
      addGroup(rows, start..<min(start + Self.groupRows, count))
    }
    self.count += count
  }

  package var mean: [Float] {
    (0..<dimension).map { Float(Double(center[$0]) + sums[$0] / Double(max(count, 1))) }
  }

  /// `[dimension, dimension]`, divided by the count.
  package func covariance() -> SquareMatrix {
    let result = SquareMatrix(order: dimension)
    let scale = 1 / Double(max(count, 1))
    for row in 0..<dimension {
      for column in 0..<dimension {
        result[row][column] =
          products[row][column] * scale - sums[row] * scale * (sums[column] * scale)
      }
    }
    return result
  }

  /// All that was added.
  package func visit(_ name: String, _ visitor: some RecordVisitor) throws(SparrowError) {
    try visitor.visit(name + ".count", &count)
    try visitor.visit(name + ".center", &center)
    try visitor.visit(name + ".sums", &sums)
    try visitor.visit(name + ".products", products)
  }

  private func setCenter(_ rows: FloatRows, count: Int) {
    var mean = [Double](repeating: 0, count: dimension)
    for row in 0..<count {
      for column in 0..<dimension { mean[column] += Double(rows[row][column]) }
    }
    center = mean.map { Float($0 / Double(count)) }
  }

  private func addGroup(_ rows: FloatRows, _ group: Range<Int>) {
    let dimension = dimension
    // Not kept: there are many sums at once.
    let columns = FloatRows(rows: dimension, columns: Self.groupRows)
    let product = FloatRows(rows: dimension, columns: dimension)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums.baseAddress!
      pool.run { worker in
        let share = worker.share(of: dimension)
        for column in share {
          let target = columns[column]
          let middle = center[column]
          var sum: Double = 0
          for (index, row) in group.enumerated() {
            let value = rows[row][column] - middle
            target[index] = value
            sum += Double(value)
          }
          for index in group.count..<Self.groupRows { target[index] = 0 }
          sums[column] += sum
        }
        worker.barrier()
        columns.multiply(
          0..<dimension, x: columns[share.lowerBound], stride: Self.groupRows, count: share.count,
          output: product[share.lowerBound], outputStride: dimension)
        for row in share {
          for column in 0..<dimension { products[row][column] += Double(product[row][column]) }
        }
      }
    }
  }
}
