internal import SparrowCore

/// Cuts directions into groups that each deserve four bits.
///
/// Reverse water-filling (Cover and Thomas, Elements of Information Theory, theorem 10.3.3): at
/// level t direction j deserves ½ log2(S_j / t) bits. Groups are runs of directions with about four
/// bits together; the level is bisected until there are as many groups as wanted.
enum GroupBounds {
  /// Directions below this many bits are left out.
  private static let leastBits = 0.05
  private static let bitsOfGroup = 4.0

  /// Starts of the groups, then the end of the last: at least one group, at most `groups`.
  ///
  /// `weights` fall and are not negative.
  static func bounds(weights: [Double], groups: Int) -> [Int] {
    let greatest = max(weights.first ?? 0, .leastNormalMagnitude)
    let logs = weights.map { naturalLog(max($0 / greatest, 1e-30)) / naturalLog(2) }
    var low = -100.0
    var high = 0.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if cut(logs, level: middle).count - 1 > groups { low = middle } else { high = middle }
    }
    let bounds = cut(logs, level: high)
    return bounds.count > 1 ? bounds : [0, min(1, weights.count)]
  }

  private static func cut(_ logs: [Double], level: Double) -> [Int] {
    var bounds = [0]
    var filled = 0.0
    var end = 0
    for (index, log) in logs.enumerated() {
      let bits = max(0, (log - level) / 2)
      guard bits > leastBits else { break }
      // A direction that would lie more than half outside begins the next group.
      if index > bounds.last!, filled + bits / 2 >= bitsOfGroup {
        bounds.append(index)
        filled = 0
      }
      filled += bits
      end = index + 1
    }
    return end > 0 ? bounds + [end] : bounds
  }
}
