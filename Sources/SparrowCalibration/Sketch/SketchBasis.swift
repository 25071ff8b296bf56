internal import SparrowCore
internal import SparrowNumerics

/// Coordinates in which hidden states are white and directions are ordered by their share of
/// logits.
///
/// With C the states' covariance and G the second moment of the centred head's rows, C^½ G C^½ = V
/// S Vᵀ. Then x = Vᵀ C^-½ (h - mean) and u = Vᵀ C^½ w give w · (h - mean) = u · x, and the mean
/// square of u's element j is S_j: what direction j adds to the logits' variance.
struct SketchBasis {
  /// Vᵀ C^-½, `[hidden, hidden]`: states to x.
  let states: SquareMatrix
  /// Vᵀ C^½, `[hidden, hidden]`: rows of the head to u.
  let rows: FloatRows
  /// S, falling.
  let weights: [Double]

  /// Added to the covariance's diagonal, as a share of its mean.
  private static let ridge = 0.01

  /// The coordinates as they are: what a plain quantised copy uses.
  init(identity order: Int) {
    states = SquareMatrix(order: order)
    rows = FloatRows(rows: order, columns: order)
    weights = Array(repeating: 1, count: order)
    for index in 0..<order {
      states[index][index] = 1
      rows[index][index] = 1
    }
  }

  init(states covariance: SquareMatrix, head moment: SquareMatrix, pool: WorkerPool) {
    let order = covariance.order
    let ridge = max(
      covariance.trace / Double(order) * Self.ridge, Double(Float.leastNormalMagnitude))
    for index in 0..<order { covariance[index][index] += ridge }
    let eigen = SymmetricEigen(destroying: covariance, pool: pool)
    let roots = eigen.values.map { max($0, ridge / 2).squareRoot() }
    // Columns of E, so that products of rows make E f(L) Eᵀ.
    let columns = eigen.vectors.transposed()
    func function(_ f: (Double) -> Double) -> SquareMatrix {
      let scaled = eigen.vectors.scaled { f(roots[$0]) }.transposed()
      return scaled.multiplied(byTransposeOf: columns, pool: pool)
    }
    let root = function { $0 }
    let product =
      root.multiplied(byTransposeOf: moment, pool: pool)
      .multiplied(byTransposeOf: root, pool: pool)
    let shared = SymmetricEigen(destroying: product, pool: pool)
    weights = shared.values.map { max($0, 0) }
    states = shared.vectors.multiplied(byTransposeOf: function { 1 / $0 }, pool: pool)
    let turned = shared.vectors.multiplied(byTransposeOf: root, pool: pool)
    rows = FloatRows(rows: order, columns: order)
    for row in 0..<order {
      for column in 0..<order { rows[row][column] = Float(turned[row][column]) }
    }
  }
}
