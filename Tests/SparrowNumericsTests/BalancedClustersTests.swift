import SparrowCore
import Testing

@testable import SparrowNumerics

@Suite struct BalancedClustersTests {
  /// Points about `clusters` centres, in an order that hides them.
  static func points(clusters: Int, size: Int, noise: Float) -> FloatRows {
    var random = SeededRandom(seed: 3)
    let count = clusters * size
    let centers = (0..<clusters * 8).map { _ in random.uniform() }
    let result = FloatRows(rows: count, columns: 8)
    for point in 0..<count {
      for column in 0..<8 {
        result[point][column] =
          centers[point % clusters * 8 + column] + noise * (random.uniform() - 0.5)
      }
    }
    return result
  }

  static func natural(_ count: Int, size: Int) -> [[Int]] {
    stride(from: 0, to: count, by: size).map { Array($0..<$0 + size) }
  }

  @Test(arguments: [4, 8, 16, 32])
  func clustersAreEqualAndNearerThanNeighbours(size: Int) throws {
    let points = Self.points(clusters: 12, size: size, noise: 0.3)
    let found = try BalancedClusters(
      points: points, size: size, seed: 1, pool: WorkerPool(count: 2))
    #expect(found.clusters.count == 12 && found.clusters.allSatisfy { $0.count == size })
    #expect(found.clusters.flatMap { $0 }.sorted() == Array(0..<12 * size))
    let spread = BalancedClusters.spread(points, found.clusters)
    #expect(spread < 0.5 * BalancedClusters.spread(points, Self.natural(12 * size, size: size)))
  }

  @Test func sameSeedSameClusters() throws {
    let points = Self.points(clusters: 10, size: 8, noise: 1)
    let found = try [1, 2, 3].map {
      try BalancedClusters(points: points, size: 8, seed: 5, pool: WorkerPool(count: $0)).clusters
    }
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  @Test func equalPointsEndToo() throws {
    let found = try BalancedClusters(
      points: FloatRows(rows: 64, columns: 4), size: 16, seed: 1, pool: WorkerPool(count: 1))
    #expect(found.clusters.map(\.count) == [16, 16, 16, 16])
  }
}
