internal import SparrowCPU
internal import SparrowCore
internal import SparrowNumerics

/// What records a pass beside others, window by window.
protocol WindowRecorder: AnyObject {
  /// What is recorded, in words that differ where the records do.
  var recorded: String { get }

  /// Sees the engine's steps from now on.
  func observe(_ engine: CPUEngine)

  /// Adds the window in work to the record and begins the next.
  func endWindow()

  /// Shows all that was recorded, to be written or replaced.
  func visit(_ visitor: some RecordVisitor) throws(SparrowError)
}
