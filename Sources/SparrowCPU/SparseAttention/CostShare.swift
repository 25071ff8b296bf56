import SparrowCore

/// One worker's part of many pieces of work, which all workers go through in the same order.
///
/// A piece is a run of units that cost about the same; parts are equal by cost and cut within
/// pieces.
struct CostShare {
  private let share: Range<Int>
  private var start = 0

  /// `total` is the cost of all pieces.
  init(_ worker: Worker, of total: Int) { share = worker.share(of: total) }

  /// The worker's units of the next piece.
  mutating func take(_ units: Int, cost: Int) -> Range<Int> {
    func unit(from place: Int) -> Int {
      min(max((place - start + cost - 1) / cost, 0), units)
    }
    let own = unit(from: share.lowerBound)..<unit(from: share.upperBound)
    start += units * cost
    return own
  }
}
