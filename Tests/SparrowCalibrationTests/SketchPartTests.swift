import SparrowBlocks
import SparrowCore
import SparrowNumerics
import Testing

@testable import SparrowCalibration

/// The parts that a sketch is fitted from.
@Suite(.serialized) struct SketchPartTests {
  @Test func momentsMatchDirectSums() throws {
    let pool = try WorkerPool(count: 2)
    var random = SeededRandom(seed: 1)
    let rows = FloatRows(rows: 1100, columns: 9)
    // Large means, as final norms give.
    for index in rows.values.indices {
      rows.values[index] = 50 + Float(index % 9) + random.uniform()
    }
    let sum = MomentSum(dimension: 9, pool: pool)
    sum.add(rows, count: 700)
    sum.add(rows, count: 1100)
    let numbers = (Array(0..<700) + Array(0..<1100)).map { row in
      (0..<9).map { Double(rows[row][$0]) }
    }
    let mean = (0..<9).map { c in numbers.reduce(0) { $0 + $1[c] } / 1800 }
    let covariance = sum.covariance()
    for a in 0..<9 {
      #expect(abs(Double(sum.mean[a]) - mean[a]) < 1e-5)
      for b in 0..<9 {
        let direct = numbers.reduce(0) { $0 + ($1[a] - mean[a]) * ($1[b] - mean[b]) } / 1800
        #expect(abs(covariance[a][b] - direct) < 1e-6)
      }
    }
  }

  @Test func centroidsFindClusters() {
    // 16 tight clusters on a grid.
    var random = SeededRandom(seed: 2)
    var points: [Float] = []
    for index in 0..<800 {
      points.append(Float(index % 4) * 10 + random.uniform())
      points.append(Float(index / 4 % 4) * 10 + random.uniform())
    }
    // k-means may stop short of the best from a bad start: the best of a few seeds.
    let errors = (0..<8).map { seed in
      var random = SeededRandom(seed: UInt64(seed))
      let book = Codebook(fitting: points, count: 800, width: 2, random: &random)
      return (0..<800).reduce(Float(0)) { total, index in
        let point = [points[2 * index], points[2 * index + 1]]
        let found = Codebook.nearest(point, book.lanes, 2, book.halves)
        let center = book.lanes.map { $0[found.code] }
        let product = center[0] * point[0] + center[1] * point[1]
        #expect(abs(found.product - product) <= 1e-3 * max(1, abs(product)))
        return total + (point[0] - center[0]) * (point[0] - center[0])
          + (point[1] - center[1]) * (point[1] - center[1])
      } / 800
    }
    // A square of the grid has a variance of 1/12 each way, all points together of 125: two pairs
    // of squares may share a centroid each.
    #expect(errors.min()! < 10)
  }

  @Test(arguments: [1, 2, 3, 20]) func fewPointsAreMetExactly(width: Int) {
    var random = SeededRandom(seed: 3)
    let points = (0..<5 * width).map { _ in random.uniform() }
    let book = Codebook(fitting: points, count: 5, width: width, random: &random)
    for code in 0..<16 { #expect(book.lanes.allSatisfy { $0[code].isFinite }) }
  }

  @Test func nearestIsTheLowestAmongEquals() {
    var lanes = [SIMD16<Float>](repeating: .zero, count: 1)
    lanes[0][11] = 2
    lanes[0][6] = 2
    let halves = lanes[0] * lanes[0] * 0.5
    #expect(Codebook.nearest([2], lanes, 1, halves).code == 6)
    #expect(Codebook.nearest([0], lanes, 1, halves).code == 0)
    for code in 0..<16 {
      var one = SIMD16<Float>.zero
      one[code] = 1
      #expect(Codebook.nearest([1], [one], 1, one * 0.5).code == code)
    }
  }

  /// Bounds rise from 0, keep to the number wanted, and give heavier directions narrower groups.
  @Test(arguments: [1, 2, 7, 40, 300])
  func groupsFollowWeights(groups: Int) {
    let weights = (0..<200).map { 1000 * power(0.95, Double($0)) }
    let bounds = GroupBounds.bounds(weights: weights, groups: groups)
    #expect(bounds[0] == 0 && bounds.last! <= 200)
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect((1...groups).contains(bounds.count - 1))
    #expect(bounds.count - 1 >= min(groups, 200) * 3 / 4)
    let widths = zip(bounds, bounds.dropFirst()).map { $1 - $0 }
    // The last group may be what is left over.
    let full = widths.dropLast()
    #expect(zip(full, full.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func groupsOfWeightlessDirections() {
    #expect(GroupBounds.bounds(weights: [0, 0, 0], groups: 2).count >= 2)
    #expect(GroupBounds.bounds(weights: [1, 0, 0], groups: 2).first == 0)
  }

  @Test func byteBlocksKeepAMatrix() {
    let matrix = SquareMatrix(order: 64) { Double(($0 * 31 + $1 * 17) % 101) - 50 }
    let back = FloatRows(rows: 64, columns: 64)
    Q8Blocks.quantized(matrix).withUnsafeBytes {
      back.expand(0..<64, from: $0.baseAddress!, .q8_0)
    }
    for row in 0..<64 {
      for column in 0..<64 {
        #expect(abs(Double(back[row][column]) - matrix[row][column]) < 0.23)
      }
    }
  }

  @Test func topListKeepsTheGreatest() {
    var random = SeededRandom(seed: 4)
    let keys = (0..<500).map { _ in random.uniform() }
    var list = TopList(capacity: 7)
    for key in keys where key >= list.floor { list.add(key: key, other: -key) }
    list.shrink()
    #expect(list.entries.map(\.key) == Array(keys.sorted(by: >).prefix(7)))
    #expect(list.entries.allSatisfy { $0.other == -$0.key })
  }
}
