import SparrowCore

/// Times of queued work by the device's own clock.
struct StepTimer {
  private let start: CUDAEvent
  private let end: CUDAEvent

  init(_ context: CUDAContext) throws(SparrowError) {
    start = try CUDAEvent(in: context)
    end = try CUDAEvent(in: context)
  }

  /// Milliseconds of one run of `body`: `count` of them are timed together, behind one that is not,
  /// so that the host's part does not show.
  func milliseconds(
    _ count: Int, _ body: () throws(SparrowError) -> Void
  ) throws(SparrowError) -> Double {
    try body()
    try start.record()
    for _ in 0..<count { try body() }
    try end.record()
    return try end.milliseconds(since: start) / Double(count)
  }
}
