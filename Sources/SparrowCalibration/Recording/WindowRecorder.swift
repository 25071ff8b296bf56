internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics

/// What records a pass beside others, window by window.
protocol WindowRecorder: AnyObject {
  /// What is recorded, in words that differ where the records do.
  var recorded: String { get }

  /// Sees what went through one operation of the window in work.
  func observe(_ seen: Observation)

  /// Adds the window in work to the record and begins the next.
  func endWindow()

  /// Shows all that was recorded, to be written or replaced.
  func visit(_ visitor: some RecordVisitor) throws(SparrowError)
}
