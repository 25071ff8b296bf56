import SparrowCore
import SparrowEngine

extension CUDAEngine {
  /// Runs the last step's graph so often again over the same inputs; milliseconds of one on the
  /// device, on average.
  ///
  /// `prepare` queues before each what the step changes. The last step must have been a graph.
  func repeatLast(
    _ count: Int, prepare: () throws(SparrowError) -> Void
  ) throws(SparrowError) -> Double {
    wait()
    try check()
    guard let graph = graphs.last else { preconditionFailure("a step that is no graph") }
    var spans: [(start: CUDAEvent, end: CUDAEvent)] = []
    for _ in 0..<count {
      let (start, end) = (try CUDAEvent(in: context), try CUDAEvent(in: context))
      try prepare()
      try start.record()
      try graph.launch()
      try end.record()
      spans.append((start, end))
    }
    var total = 0.0
    for span in spans { total += try span.end.milliseconds(since: span.start) }
    return total / Double(count)
  }
}
