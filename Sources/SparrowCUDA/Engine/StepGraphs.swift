import SparrowCore

/// Steps of few rows as graphs, captured when a shape comes for the second time: the first runs as
/// it is queued, and loads what it needs.
final class StepGraphs {
  /// What a graph is captured for.
  struct Key: Hashable {
    let shape: StepShape
    let hasHead: Bool
  }

  /// Rows of a graph at most: wider steps are prompts, whose launches cost little beside their
  /// work.
  static let maximumRows = 16

  private let context: CUDAContext
  private var seen: Set<Key> = []
  private var graphs: [Key: CUDAGraph] = [:]

  init(_ context: CUDAContext) { self.context = context }

  /// Queues what `body` queues, which must be the same for equal keys.
  func launch(_ key: Key, _ body: () throws(SparrowError) -> Void) throws(SparrowError) {
    if let graph = graphs[key] { return try graph.launch() }
    guard !seen.insert(key).inserted else { return try body() }
    let graph = try CUDAGraph(in: context, body)
    graphs[key] = graph
    try graph.launch()
  }
}
