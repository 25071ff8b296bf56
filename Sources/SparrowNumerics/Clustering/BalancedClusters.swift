package import SparrowCore

/// Clusters of equal size whose points lie near their centroids.
///
/// LTE cites balanced k-means by assignment (Malinen and Fränti 2014), which costs O(points³) a
/// round. Here a round is Lloyd's with limited capacity: pairs of point and centroid in order of
/// distance, each point to the first cluster with room; then pairs of points change places wherever
/// that brings them nearer. A round costs points · clusters · (columns + log + size); rounds end
/// when none helps.
package struct BalancedClusters {
  /// The points of each cluster, rising; clusters by their first point.
  package private(set) var clusters: [[Int]] = []
  private let points: FloatRows
  private let size: Int
  private let pool: WorkerPool

  package static let rounds = 12

  /// `points` is `[points, columns]`, a multiple of `size` points.
  package init(points: FloatRows, size: Int, seed: UInt64, pool: WorkerPool) {
    self.points = points
    self.size = size
    self.pool = pool
    var random = SeededRandom(seed: seed)
    var centroids = start(&random)
    var best = Double.infinity
    for _ in 0..<Self.rounds {
      let distances = distances(to: centroids)
      var places = assign(distances)
      swap(&places, distances)
      let found = members(of: places)
      centroids = means(of: found)
      let spread = Self.spread(points, found)
      guard spread < best else { break }
      best = spread
      clusters = found
    }
    clusters.sort { $0[0] < $1[0] }
  }

  /// The points cluster by cluster, `[points]`.
  package var order: [Int32] { clusters.flatMap { $0.map(Int32.init) } }

  /// Sum of squared distances of points from the mean of their cluster.
  package static func spread(_ points: FloatRows, _ clusters: [[Int]]) -> Double {
    clusters.reduce(0) { sum, members in
      var result = sum
      for column in 0..<points.columns {
        var first = 0.0
        var second = 0.0
        for point in members {
          let value = Double(points[point][column])
          first += value
          second += value * value
        }
        result += second - first * first / Double(members.count)
      }
      return result
    }
  }

  /// Points drawn at random, no two alike.
  private func start(_ random: inout SeededRandom) -> FloatRows {
    var numbers = Array(0..<points.rows)
    let result = FloatRows(rows: points.rows / size, columns: points.columns)
    for cluster in 0..<result.rows {
      numbers.swapAt(cluster, cluster + Int(random.next() % UInt64(numbers.count - cluster)))
      result[cluster].update(from: points[numbers[cluster]], count: points.columns)
    }
    return result
  }

  /// Squared distances less each point's squared length, `[points, clusters]`.
  private func distances(to centroids: FloatRows) -> FloatRows {
    let result = centroids.multiplied(byRowsOf: points, pool: pool)
    let lengths = (0..<centroids.rows).map { cluster in
      (0..<centroids.columns).reduce(Float(0)) {
        $0 + centroids[cluster][$1] * centroids[cluster][$1]
      }
    }
    for point in 0..<points.rows {
      let own = result[point]
      for cluster in 0..<centroids.rows { own[cluster] = lengths[cluster] - 2 * own[cluster] }
    }
    return result
  }

  /// The cluster of each point, nearest pairs first.
  ///
  /// What a point loses by its second choice is not looked at: the swaps mend that.
  private func assign(_ distances: FloatRows) -> [Int] {
    let count = distances.columns
    let values = distances.values
    let pairs = (0..<values.count).sorted { (values[$0], $0) < (values[$1], $1) }
    var places = [Int](repeating: -1, count: points.rows)
    var room = [Int](repeating: size, count: count)
    for pair in pairs where places[pair / count] < 0 && room[pair % count] > 0 {
      places[pair / count] = pair % count
      room[pair % count] -= 1
    }
    return places
  }

  /// Lets two points change places while that lowers the sum of their distances.
  private func swap(_ places: inout [Int], _ distances: FloatRows) {
    var members = members(of: places)
    var isMoving = true
    for _ in 0..<Self.rounds where isMoving {
      isMoving = false
      for point in 0..<points.rows {
        for cluster in 0..<distances.columns {
          let own = places[point]
          let gain = distances[point][own] - distances[point][cluster]
          guard cluster != own, gain > 0 else { continue }
          func cost(_ other: Int) -> Float { distances[other][own] - distances[other][cluster] }
          let slots = members[cluster].indices
          let slot = slots.min { cost(members[cluster][$0]) < cost(members[cluster][$1]) }!
          let other = members[cluster][slot]
          // Beyond rounding, so that no two swap for ever.
          guard gain - cost(other) > 1e-5 * abs(gain) else { continue }
          members[cluster][slot] = point
          members[own][members[own].firstIndex(of: point)!] = other
          places[point] = cluster
          places[other] = own
          isMoving = true
        }
      }
    }
  }

  private func members(of places: [Int]) -> [[Int]] {
    var result = [[Int]](repeating: [], count: points.rows / size)
    for (point, cluster) in places.enumerated() { result[cluster].append(point) }
    return result
  }

  private func means(of clusters: [[Int]]) -> FloatRows {
    let result = FloatRows(rows: clusters.count, columns: points.columns)
    for (cluster, members) in clusters.enumerated() {
      for point in members {
        for column in 0..<points.columns {
          result[cluster][column] += points[point][column] / Float(members.count)
        }
      }
    }
    return result
  }
}
