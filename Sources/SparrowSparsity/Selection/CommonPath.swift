/// Groups that every token uses, kept out of prediction (HiRE, arXiv 2402.09360, equation 7).
///
/// A predictor with a common path scores only `predicted`; its selections count through those.
public struct CommonPath: Sendable, Equatable {
  /// The groups that are always used: the paper's m1 units.
  public let always: Selection
  /// The other groups, ascending: the paper's m2 units, in the order of the predictor's scores.
  public let predicted: [Int32]

  public init(_ always: Selection) {
    self.always = always
    var rest: [Int32] = []
    rest.reserveCapacity(always.groups - always.count)
    var next = 0
    for group in 0..<Int32(always.groups) {
      if next < always.count, always.indices[next] == group {
        next += 1
      } else {
        rest.append(group)
      }
    }
    predicted = rest
  }

  /// The `count` groups that calibration selected most often.
  public init(_ counts: SelectionCounts, count: Int) {
    self.init(counts.mostFrequent(count))
  }

  /// The common path and what was selected among `predicted`, as a selection of all groups.
  public func merged(with selected: Selection) -> Selection {
    precondition(
      selected.groups == predicted.count && selected.groupSize == always.groupSize,
      "a selection of \(selected.groups) groups where \(predicted.count) are predicted")
    let indices = selected.indices.map { predicted[Int($0)] }
    return always.union(
      Selection(ascending: indices, groups: always.groups, groupSize: always.groupSize))
  }
}
