/// The Cholesky factor's inverse of a positive definite matrix: W with W A Wᵀ = 1, lower
/// triangular.
///
/// Golub and Van Loan, Matrix Computations, sections 4.2 and 3.1. Costs order³ / 2 multiplications.
package enum Cholesky {
  /// Reads `matrix` and does not change it; a pivot that rounding made negative counts as tiny.
  package static func whitening(of matrix: SquareMatrix) -> SquareMatrix {
    let order = matrix.order
    let least = max(matrix.trace / Double(max(order, 1)) * 1e-12, Double.leastNormalMagnitude)
    let factor = SquareMatrix(order: order)
    for row in 0..<order {
      for column in 0...row {
        let rest = matrix[row][column] - dot(factor[row], factor[column], column)
        factor[row][column] =
          row == column ? max(rest, least).squareRoot() : rest / factor[column][column]
      }
    }
    // Row i of the inverse: (e_i - sum over j < i of L_ij · row j) / L_ii.
    let inverse = SquareMatrix(order: order)
    for row in 0..<order {
      let own = inverse[row]
      for column in 0..<row {
        add(-factor[row][column], inverse[column], to: own, column + 1)
      }
      own[row] = 1
      for column in 0...row { own[column] /= factor[row][row] }
    }
    return inverse
  }
}
