package import SparrowCore

/// The directions in which rows have most of their energy: the leading right singular vectors of a matrix.
package enum PrincipalDirections {
  /// `[count, order]`, unit vectors, of Wᵀ W, `[order, order]`. Costs about 10 order³ operations.
  package static func leading(
    _ count: Int, ofSquare square: [Float], order: Int, pool: WorkerPool
  ) -> [Float] {
    precondition(square.count == order * order && count <= order, "a square matrix")
    let matrix = SquareMatrix(order: order)
    for index in square.indices { matrix[0][index] = Double(square[index]) }
    let eigen = SymmetricEigen(destroying: matrix, pool: pool)
    return (0..<count * order).map { Float(eigen.vectors[0][$0]) }
  }
}
