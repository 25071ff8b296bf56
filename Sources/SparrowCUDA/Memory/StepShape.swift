internal import CSparrowCUDA
import SparrowTransformer

/// The sizes by which launches of steps differ: steps of one shape run the same graph.
struct StepShape: Hashable, Sendable {
  var rows: Int
  /// Parts of keys that attention is cut into: a power of two, so that a text of any length takes
  /// few shapes.
  var splits: Int
  /// Rows of different sequences, and nobody looks at what is between operations: launches may be
  /// joined.
  var isDecode = false
  /// A single such row.
  var isLean: Bool { isDecode && rows == 1 }
  /// Of the cache's elements.
  var type: CacheType

  /// Rows of a sparse step at most: of wider ones the union touches nearly all.
  static let sparseRows = 16

  /// The shape of rows that see at most so many positions.
  init(rows: Int, positions: Int, type: CacheType) {
    self.rows = rows
    self.type = type
    var splits = 1
    while splits * Int(SCU_SPLIT) < positions { splits *= 2 }
    self.splits = splits
  }

  /// As kernels name the type.
  var cacheType: Int32 { type == .f16 ? 0 : 1 }
}
