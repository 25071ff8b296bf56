import SparrowCore
import Testing

@testable import SparrowNumerics

/// Decompositions against known ones.
@Suite(.serialized) struct SymmetricEigenTests {
  /// The second difference has eigenvalues 2 - 2 cos(k π / (n + 1)) and sines for vectors.
  @Test(arguments: [1, 2, 3, 8, 33])
  func secondDifference(order: Int) throws {
    let pool = try WorkerPool(count: 2)
    let a = SquareMatrix(order: order) { $0 == $1 ? 2 : abs($0 - $1) == 1 ? -1 : 0 }
    let eigen = SymmetricEigen(destroying: a, pool: pool)
    for k in 1...order {
      let angle = Double(k) * Double.pi / Double(order + 1)
      #expect(abs(eigen.values[order - k] - (2 - 2 * cosine(angle))) < 1e-12)
      let scale = (2 / Double(order + 1)).squareRoot()
      let sign = eigen.vectors[order - k][0] < 0 ? -scale : scale
      for j in 0..<order {
        let expected = sign * sine(Double(j + 1) * angle)
        #expect(abs(eigen.vectors[order - k][j] - expected) < 1e-10)
      }
    }
  }

  /// Full matrices, some of low rank or with equal eigenvalues: A = Vᵀ S V, V's rows orthonormal.
  @Test(arguments: [(5, 5), (24, 24), (30, 4), (20, 1), (16, 0)], [1, 2])
  func rebuilds(shape: (order: Int, rank: Int), threads: Int) throws {
    let (order, rank) = shape
    let pool = try WorkerPool(count: threads)
    var random = SeededRandom(seed: 5)
    let factors = (0..<rank).map { _ in (0..<order).map { _ in Double(random.uniform()) - 0.5 } }
    func element(_ row: Int, _ column: Int) -> Double {
      factors.reduce(row == column ? 0.25 : 0) { $0 + $1[row] * $1[column] }
    }
    let eigen = SymmetricEigen(destroying: SquareMatrix(order: order, element), pool: pool)
    #expect(eigen.values == eigen.values.sorted(by: >))
    for a in 0..<order {
      for b in 0..<order {
        let product = dot(eigen.vectors[a], eigen.vectors[b], order)
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-12)
        var rebuilt = 0.0
        for k in 0..<order {
          rebuilt += eigen.values[k] * eigen.vectors[k][a] * eigen.vectors[k][b]
        }
        #expect(abs(rebuilt - element(a, b)) < 1e-12)
      }
    }
  }

  @Test func threadsDoNotMatter() throws {
    let results = try [1, 2, 3].map { threads in
      var random = SeededRandom(seed: 9)
      let half = (0..<20 * 20).map { _ in Double(random.uniform()) }
      let a = SquareMatrix(order: 20) { half[min($0, $1) * 20 + max($0, $1)] }
      return SymmetricEigen(destroying: a, pool: try WorkerPool(count: threads)).values
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }
}
