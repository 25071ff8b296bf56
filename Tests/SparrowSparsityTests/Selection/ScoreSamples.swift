import SparrowCore

/// Scores to select from: every shape that has made a selection go wrong.
enum ScoreSamples: String, CaseIterable, Sendable {
  case uniform, normal, fewValues, allEqual, oneOutlier, manyScales, notNumbers, infinite, zeros
  case rising, falling, rectified

  func scores(_ count: Int, seed: UInt64 = 1) -> [Float] {
    var random = SeededRandom(seed: seed &+ UInt64(count))
    func normal() -> Float {
      var sum: Float = -6
      for _ in 0..<12 { sum += random.uniform() }
      return sum
    }
    return (0..<count).map { index in
      switch self {
      case .uniform: random.uniform()
      case .normal: normal()
      case .fewValues: Float(random.next() % 5)
      case .allEqual: 0.1
      case .oneOutlier: index == count / 2 ? 1e30 : normal()
      case .manyScales: normal() * Float(power(10, Double(random.next() % 60) - 30))
      case .notNumbers: random.next() % 3 == 0 ? .nan : normal()
      case .infinite: [.infinity, -.infinity, normal(), normal()][Int(random.next() % 4)]
      case .zeros: [0, -0.0, 1, -1][Int(random.next() % 4)]
      case .rising: Float(index)
      case .falling: Float(-index)
      case .rectified: max(normal(), 0)
      }
    }
  }
}

/// Top-k by sorting: greatest first, then lowest index; numbers only; the indices ascending.
func sortedTopK(_ k: Int, _ scores: [Float]) -> [Int32] {
  let numbers = scores.indices.filter { !scores[$0].isNaN }
  let falling = numbers.sorted { (scores[$1], $0) < (scores[$0], $1) }
  return falling.prefix(max(k, 0)).sorted().map { Int32($0) }
}
