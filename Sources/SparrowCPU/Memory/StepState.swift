import SparrowTransformer

/// The part of a step's batch that belongs to one sequence: adjacent rows, adjacent positions.
struct StepSegment: BitwiseCopyable {
  /// The pages of its keys and values, and their element type.
  var pages: UnsafePointer<UnsafeMutableRawPointer?>
  var type: CacheType
  var firstRow: Int
  var rows: Int
  /// Position of the first row.
  var firstPosition: Int
  /// Its rows turn by the frequencies of long sequences.
  var turnsLong = false
  /// The memory of the sequence's `DeferredKeys`; nil where no head was ever skipped.
  var deferred: UnsafeMutableRawPointer?
}

/// What all kernels of a step see.
struct StepState: BitwiseCopyable {
  /// Rows that a sparse step takes at most: of wider batches the union touches nearly all.
  static let maximumSparseRows = 16

  /// Rows of the batch.
  var rows: Int
  var tokens: UnsafePointer<Int32>
  var segments: UnsafePointer<StepSegment>
  var segmentCount: Int
  /// The rows that the head computes.
  var logitRows: Range<Int> { firstLogit..<firstLogit + logitCount }
  var firstLogit = 0
  var logitCount = 0
}
