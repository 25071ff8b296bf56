internal import SparrowCore

/// 16 centroids of one group of directions.
///
/// Lloyd's k-means from points drawn at random. k-means++ starts were no better on held-out windows
/// and worse on another text (one run: top 32 of Gemma 3 270M on WikiText-2 among 256, 95.9%
/// against 96.5%). Kept by coordinate, so that one vector operation meets all 16.
struct Codebook {
  /// Directions of the group.
  let width: Int
  /// `[width]`, lane c being centroid c's coordinate.
  private(set) var lanes: [SIMD16<Float>]
  /// Half the squared length of each centroid.
  private(set) var halves: SIMD16<Float> = .zero

  static let rounds = 12

  /// Fits `points`, `[count][width]`. Costs 16 · width multiplications a point and round.
  init(
    fitting points: UnsafePointer<Float>, count: Int, width: Int, random: inout SeededRandom
  ) {
    self.width = width
    lanes = Array(repeating: .zero, count: width)
    start(points, count, &random)
    var sums = [Double](repeating: 0, count: 16 * width)
    var members = [Int](repeating: 0, count: 16)
    for _ in 0..<Self.rounds {
      for index in sums.indices { sums[index] = 0 }
      for code in 0..<16 { members[code] = 0 }
      lanes.withUnsafeBufferPointer { lanes in
        sums.withUnsafeMutableBufferPointer { sums in
          for index in 0..<count {
            let point = points + index * width
            let code = Self.nearest(point, lanes.baseAddress!, width, halves).code
            members[code] += 1
            for axis in 0..<width { sums[code * width + axis] += Double(point[axis]) }
          }
        }
      }
      for code in 0..<16 {
        // A centroid without points moves to one of them.
        let other = members[code] > 0 ? 0 : Int(random.next() % UInt64(count))
        for axis in 0..<width {
          lanes[axis][code] =
            members[code] > 0
            ? Float(sums[code * width + axis] / Double(members[code]))
            : points[other * width + axis]
        }
      }
      setHalves()
    }
  }

  /// The nearest centroid's number and its product with `point`, `[width]`.
  @inline(__always)
  static func nearest(
    _ point: UnsafePointer<Float>, _ lanes: UnsafePointer<SIMD16<Float>>, _ width: Int,
    _ halves: SIMD16<Float>
  ) -> (code: Int, product: Float) {
    var scores = SIMD16<Float>.zero
    for axis in 0..<width { scores += lanes[axis] * point[axis] }
    scores -= halves
    let code = lane(ofGreatest: scores)
    return (code, scores[code] + halves[code])
  }

  /// The lowest lane among the greatest.
  @inline(__always)
  private static func lane(ofGreatest v: SIMD16<Float>) -> Int {
    let first = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7)
    let mask8 = v.lowHalf .>= v.highHalf
    let v8 = v.highHalf.replacing(with: v.lowHalf, where: mask8)
    let i8 = (first &+ 8).replacing(with: first, where: mask8)
    let mask4 =
      v8.lowHalf .> v8.highHalf .| (v8.lowHalf .== v8.highHalf .& (i8.lowHalf .< i8.highHalf))
    let v4 = v8.highHalf.replacing(with: v8.lowHalf, where: mask4)
    let i4 = i8.highHalf.replacing(with: i8.lowHalf, where: mask4)
    var best = 0
    for index in 1..<4
    where v4[index] > v4[best] || v4[index] == v4[best] && i4[index] < i4[best] {
      best = index
    }
    return Int(i4[best])
  }

  /// Even quantiles of one direction, points drawn at random of more.
  private mutating func start(
    _ points: UnsafePointer<Float>, _ count: Int, _ random: inout SeededRandom
  ) {
    if width == 1 {
      let sorted = UnsafeBufferPointer(start: points, count: count).sorted()
      for code in 0..<16 {
        let place = (0.01 + 0.98 * Double(code) / 15) * Double(count - 1)
        lanes[0][code] = sorted[Int(place.rounded())]
      }
    } else {
      for code in 0..<16 {
        let chosen = Int(random.next() % UInt64(count))
        for axis in 0..<width { lanes[axis][code] = points[chosen * width + axis] }
      }
    }
    setHalves()
  }

  private mutating func setHalves() {
    halves = lanes.reduce(.zero) { $0 + $1 * $1 } * 0.5
  }
}
