import SparrowCore

/// Steps of few rows, and of as many as a step takes, as graphs, captured when a shape comes for
/// the second time: the first runs as it is queued, and loads what it needs.
final class StepGraphs {
  /// What a graph is captured for.
  struct Key: Hashable {
    let shape: StepShape
    let isSparse: Bool
    let head: Head
  }

  /// The head that a step runs by itself.
  enum Head: Hashable { case none, dense, search }

  /// Rows of a decoding step's graph at most. Of wider steps only the widest come again and again:
  /// pieces of prompts.
  private static let maximumRows = 16

  private let context: CUDAContext
  private var seen: Set<Key> = []
  private var graphs: [Key: CUDAGraph] = [:]

  private let widest: Int
  /// What was launched last; nil where it was no graph.
  private(set) var last: CUDAGraph?

  init(_ context: CUDAContext, widest: Int) {
    self.context = context
    self.widest = widest
  }

  /// Forgets all of them: what they ran is no more. Nothing may be queued.
  func clear() {
    seen = []
    graphs = [:]
    last = nil
  }

  /// Queues what `body` queues, which must be the same for equal keys.
  func launch(_ key: Key, _ body: () throws(SparrowError) -> Void) throws(SparrowError) {
    last = graphs[key]
    if let last { return try last.launch() }
    let rows = key.shape.rows
    guard rows <= Self.maximumRows || rows == widest else { return try body() }
    guard !seen.insert(key).inserted else { return try body() }
    let graph = try CUDAGraph(in: context, body)
    graphs[key] = graph
    last = graph
    try graph.launch()
  }
}
