/// Where a selector cuts scores: a rule that each group meets or not on its own.
///
/// Workers that share out the groups therefore keep, together, exactly what one worker would.
public struct Cut: Sendable, Equatable {
  /// The least score that is kept; not a number where nothing is.
  public var floor: Float
  /// Scores equal to the floor are kept in groups below this one.
  public var tieEnd: Int

  public init(floor: Float, tieEnd: Int) {
    self.floor = floor
    self.tieEnd = tieEnd
  }

  /// Keeps nothing.
  static let nothing = Cut(floor: .nan, tieEnd: 0)
  /// Keeps every number.
  static let everything = Cut(floor: -.infinity, tieEnd: .max)

  /// Writes the kept groups, ascending, to `indices` and returns their count.
  ///
  /// - Parameters:
  ///   - scores: of the groups from `first` on.
  ///   - indices: room for as many as there are scores, however few are kept.
  public func select(
    _ scores: UnsafeBufferPointer<Float>, first: Int = 0, into indices: UnsafeMutablePointer<Int32>
  ) -> Int {
    let ties = min(max(tieEnd - first, 0), scores.count)
    let floor = SIMD8(repeating: floor)
    let below = compact(scores, 0..<ties) {
      $0 .>= floor
    } write: { index, place in
      indices[place] = Int32(truncatingIfNeeded: first &+ index)
    }
    return below
      + compact(scores, ties..<scores.count) {
        $0 .> floor
      } write: { index, place in
        indices[below &+ place] = Int32(truncatingIfNeeded: first &+ index)
      }
  }
}
