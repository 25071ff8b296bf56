/// Counts of finite scores in bins of equal width between the least and the greatest.
struct Histogram {
  static let bins = 256

  private let least: Float
  private let scale: Float
  private let counts: UnsafeMutablePointer<UInt32>

  /// Counts `scores` into `counts`, `[bins]`.
  ///
  /// nil where bins cannot tell scores apart: one is not finite, all are equal, or their range is too wide or
  /// too narrow for float32.
  init?(of scores: UnsafeBufferPointer<Float>, into counts: UnsafeMutablePointer<UInt32>) {
    guard let (least, greatest) = Self.range(of: scores) else { return nil }
    let scale = Float(Self.bins - 1) / (greatest - least)
    guard scale.isNormal else { return nil }
    self.least = least
    self.scale = scale
    self.counts = counts
    counts.update(repeating: 0, count: Self.bins)
    for score in scores { counts[bin(of: score)] &+= 1 }
  }

  /// Rises with the score: the sum with 2^23 leaves the nearest integer in the lowest bits, without a branch.
  @inline(__always)
  private func bin(of score: Float) -> Int {
    Int(((score - least) * scale + 0x1p23).bitPattern & 0xFF)
  }

  /// The bin that holds the score of this rank (1 is the greatest), and how many scores lie in greater bins.
  func bin(ofRank rank: Int) -> (bin: Int, greater: Int) {
    var greater = 0
    var bin = Self.bins - 1
    while bin > 0, greater + Int(counts[bin]) < rank {
      greater += Int(counts[bin])
      bin -= 1
    }
    return (bin, greater)
  }

  /// Copies the scores of one bin to `values`, which may be where `scores` lie; returns their count.
  func gather(
    _ bin: Int, of scores: UnsafeBufferPointer<Float>, into values: UnsafeMutablePointer<Float>
  ) -> Int {
    var count = 0
    for score in scores {
      values[count] = score
      count &+= self.bin(of: score) == bin ? 1 : 0
    }
    return count
  }

  /// The least and the greatest score; nil where one is not finite.
  private static func range(
    of scores: UnsafeBufferPointer<Float>
  ) -> (least: Float, greatest: Float)? {
    guard let base = scores.baseAddress, let first = scores.first else { return nil }
    var least = SIMD16<Float>(repeating: first)
    var greatest = least
    // A difference of 0 for finite scores, not a number for others, and so is its sum.
    var differences = SIMD16<Float>.zero
    var index = 0
    while index + 16 <= scores.count {
      let next = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self)
      least.replace(with: next, where: next .< least)
      greatest.replace(with: next, where: next .> greatest)
      differences += next - next
      index += 16
    }
    var (lowest, highest, difference) = (first, first, differences.sum())
    for lane in 0..<16 {
      lowest = min(lowest, least[lane])
      highest = max(highest, greatest[lane])
    }
    for score in scores[index...] {
      lowest = min(lowest, score)
      highest = max(highest, score)
      difference += score - score
    }
    return difference == 0 ? (lowest, highest) : nil
  }
}
