/// Counts of scores in bins of equal width between the least and the greatest.
struct Histogram {
  static let bins = 256

  private let least: Float
  private let scale: Float
  private let counts: UnsafeMutablePointer<UInt32>

  /// Counts `scores`, which lie in `range`, into `counts`, `[bins]`.
  ///
  /// nil where the range is too wide or too narrow for bins in float32.
  init?(
    of scores: UnsafeBufferPointer<Float>, in range: ClosedRange<Float>,
    into counts: UnsafeMutablePointer<UInt32>
  ) {
    let scale = Float(Self.bins - 1) / (range.upperBound - range.lowerBound)
    guard let base = scores.baseAddress, scale.isNormal else { return nil }
    self.least = range.lowerBound
    self.scale = scale
    self.counts = counts
    counts.update(repeating: 0, count: Self.bins)
    let tail = scores.count & ~7
    for index in stride(from: 0, to: tail, by: 8) {
      let next = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Float>.self)
      let place = places(of: next)
      for lane in 0..<8 { counts[Int(place[lane].bitPattern & 0xFF)] &+= 1 }
    }
    for score in scores[tail...] {
      counts[Int(places(of: SIMD8(repeating: score))[0].bitPattern & 0xFF)] &+= 1
    }
  }

  /// 2^23 and the bin, which rises with the score: the sum rounds to an integer and leaves it in
  /// the lowest bits, where a conversion would check each for its range.
  @inline(__always)
  private func places(of scores: SIMD8<Float>) -> SIMD8<Float> {
    (scores - least) * scale + 0x1p23
  }

  /// The bin that holds the score of this rank (1 is the greatest), and how many scores lie in
  /// greater bins.
  func bin(ofRank rank: Int) -> (bin: Int, greater: Int) {
    var greater = 0
    var bin = Self.bins - 1
    while bin > 0, greater + Int(counts[bin]) < rank {
      greater += Int(counts[bin])
      bin -= 1
    }
    return (bin, greater)
  }

  /// Copies the scores of one bin to `values`, which may be where `scores` lie; returns their
  /// count.
  func gather(
    _ bin: Int, of scores: UnsafeBufferPointer<Float>, into values: UnsafeMutablePointer<Float>
  ) -> Int {
    let wanted = SIMD8(repeating: 0x1p23 + Float(bin))
    return compact(scores, scores.indices) {
      places(of: $0) .== wanted
    } write: { index, place in
      values[place] = scores[index]
    }
  }
}
