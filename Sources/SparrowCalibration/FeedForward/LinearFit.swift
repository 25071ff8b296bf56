internal import SparrowBlocks
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// Fits linear predictors by least squares from moments alone, without training.
///
/// Reduced-rank regression (Izenman 1975, doi:10.1016/0047-259X(75)90042-1): with inputs x made
/// white, z = W x, and N the covariance of targets with z, N z is the least-squares fit; of rank r
/// the best is (N Uᵀ)(U z), U the leading eigenvectors of Nᵀ N. The ridge is part of the inputs'
/// covariance.
struct LinearFit {
  private let mean: [Float]
  /// W, `[hidden, hidden]`.
  private let whitening: FloatRows
  private let pool: WorkerPool

  /// Added to the covariance's diagonal, as a share of its mean.
  private static let ridge = 1e-3

  /// Predictors read what `inputs` are the moments of.
  init(inputs: MomentSum, pool: WorkerPool) {
    self.pool = pool
    mean = inputs.mean
    whitening = FloatRows(Cholesky.whitening(of: Self.covariance(of: inputs)))
  }

  /// The inputs' covariance with the ridge on its diagonal.
  static func covariance(of inputs: MomentSum) -> SquareMatrix {
    let covariance = inputs.covariance()
    let mean = covariance.trace / Double(covariance.order)
    let added = max(mean * ridge, Double(Float.leastNormalMagnitude))
    for index in 0..<covariance.order { covariance[index][index] += added }
    return covariance
  }

  /// A predictor of all targets, through `rank` directions or, without, by one map.
  ///
  /// Throws `.argument` when a row of its maps does not fill whole blocks of `type`.
  func predictor(
    of targets: TargetMoments, rank: Int?, type: ElementType
  ) throws(SparrowError) -> LinearPredictor {
    let toInputs = whitening.transposed()
    let white = whitening.multiplied(byRowsOf: targets.cross, pool: pool)
    let maps: (a: FloatRows?, b: FloatRows)
    if let rank {
      let columns = white.transposed()
      let inner = columns.multiplied(byRowsOf: columns, pool: pool)
      let square = SquareMatrix(order: inner.columns)
      for index in 0..<inner.rows * inner.columns { square[0][index] = Double(inner[0][index]) }
      let eigen = SymmetricEigen(destroying: square, pool: pool)
      let directions = FloatRows(rows: min(rank, mean.count), columns: mean.count)
      for index in 0..<directions.rows * directions.columns {
        directions[0][index] = Float(eigen.vectors[0][index])
      }
      maps = (
        toInputs.multiplied(byRowsOf: directions, pool: pool),
        directions.multiplied(byRowsOf: white, pool: pool)
      )
    } else {
      maps = (nil, toInputs.multiplied(byRowsOf: white, pool: pool))
    }
    return LinearPredictor(
      a: try maps.a.map { rows throws(SparrowError) in try PredictorMatrix(rows, type: type) },
      b: try PredictorMatrix(maps.b, type: type), bias: bias(targets, maps.a, maps.b))
  }

  /// What makes the fit pass through the means.
  private func bias(_ targets: TargetMoments, _ a: FloatRows?, _ b: FloatRows) -> [Float] {
    func product(_ rows: FloatRows, _ x: [Float]) -> [Float] {
      (0..<rows.rows).map { row in (0..<rows.columns).reduce(0) { $0 + rows[row][$1] * x[$1] } }
    }
    let middle = a.map { product($0, mean) } ?? mean
    return zip(targets.mean, product(b, middle)).map { $0 - $1 }
  }
}
