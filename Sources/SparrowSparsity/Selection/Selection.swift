public import SparrowCore

/// What one layer touches for one token: indices of groups, head groups or vocabulary rows.
public struct Selection: Sendable, Equatable {
  /// Ascending, none twice, each in `0..<groups`.
  public let indices: [Int32]
  /// How many groups there are to select from.
  public let groups: Int
  /// Neurons in one group.
  public let groupSize: Int

  /// Sizes of a group that kernels are made for.
  public static let groupSizes = [1, 4, 8, 16, 32]

  /// Checks what came from elsewhere, in O(indices).
  ///
  /// Throws `.argument` for a size that no kernel takes and for indices that do not ascend within
  /// `0..<groups`.
  public init(_ indices: [Int32], groups: Int, groupSize: Int = 1) throws(SparrowError) {
    guard Self.groupSizes.contains(groupSize) else {
      throw SparrowError(
        .argument, field: "group size", found: "\(groupSize)", expected: "1, 4, 8, 16 or 32")
    }
    guard (0...Int(Int32.max)).contains(groups) else {
      throw SparrowError(
        .argument, field: "groups", found: "\(groups)", expected: "0 to \(Int32.max)")
    }
    var least = 0
    for index in indices {
      guard index >= least, index < groups else {
        throw SparrowError(
          .argument, field: "selection", found: "index \(index)",
          expected: "ascending indices, here in \(least)..<\(groups)")
      }
      least = Int(index) + 1
    }
    self.init(ascending: indices, groups: groups, groupSize: groupSize)
  }

  /// For indices that are ascending by the way they were made.
  init(ascending indices: [Int32], groups: Int, groupSize: Int) {
    precondition(Self.groupSizes.contains(groupSize), "a group of \(groupSize) neurons")
    self.indices = indices
    self.groups = groups
    self.groupSize = groupSize
  }

  /// Groups selected.
  public var count: Int { indices.count }

  /// Part of the groups that is touched, 0...1; 0 where there are no groups.
  public var density: Double { groups > 0 ? Double(count) / Double(groups) : 0 }

  /// The neurons of the selected groups, ascending, `[count * groupSize]`.
  public var neurons: [Int32] {
    let size = Int32(groupSize)
    return indices.flatMap { $0 * size..<($0 + 1) * size }
  }
}
