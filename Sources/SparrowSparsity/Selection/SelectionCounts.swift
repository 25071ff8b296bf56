/// How often each group was selected over many tokens.
public struct SelectionCounts: Sendable, Equatable {
  /// `[groups]`
  public private(set) var counts: [Int]
  /// Tokens counted.
  public private(set) var tokens = 0
  public let groupSize: Int

  public init(groups: Int, groupSize: Int = 1) {
    counts = [Int](repeating: 0, count: groups)
    self.groupSize = groupSize
  }

  /// Counts one token's selection.
  public mutating func add(_ selection: Selection) {
    precondition(
      selection.groups == counts.count && selection.groupSize == groupSize,
      "a selection of other groups")
    for index in selection.indices { counts[Int(index)] += 1 }
    tokens += 1
  }

  /// The `count` groups selected most often, of equals the lowest indices; all where there are fewer.
  public func mostFrequent(_ count: Int) -> Selection {
    let falling = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    let indices = falling.prefix(max(count, 0)).sorted().map { Int32($0) }
    return Selection(ascending: indices, groups: counts.count, groupSize: groupSize)
  }
}
