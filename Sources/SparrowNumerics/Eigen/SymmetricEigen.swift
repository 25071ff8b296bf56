package import SparrowCore

/// Eigenvalues and eigenvectors of a symmetric matrix.
///
/// Householder reduction to tridiagonal form, then the implicit QL method with Wilkinson's shift
/// (Golub and Van Loan, Matrix Computations, sections 8.3.1 to 8.3.3; EISPACK's imtql2). About 10
/// order³ operations, most of them on all workers; the result does not depend on their number.
package struct SymmetricEigen {
  /// Falling.
  package let values: [Double]
  /// Row i is the unit eigenvector of value i.
  package let vectors: SquareMatrix

  /// Reads and overwrites `matrix`, all of it.
  package init(destroying matrix: SquareMatrix, pool: WorkerPool) {
    let order = matrix.order
    var reduction = Tridiagonal(reducing: matrix, pool: pool)
    reduction.diagonalize(pool: pool)
    let diagonal = reduction.diagonal
    let ranks = (0..<order).sorted { (diagonal[$0], $1) > (diagonal[$1], $0) }
    let sorted = SquareMatrix(order: order)
    for (row, rank) in ranks.enumerated() {
      sorted[row].update(from: reduction.vectors[rank], count: order)
    }
    values = ranks.map { diagonal[$0] }
    vectors = sorted
  }
}

/// The directions in which rows have most of their energy: the leading right singular vectors of a
/// matrix.
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
