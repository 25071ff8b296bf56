import CSparrowCUDA
package import SparrowCore

/// Work that was queued once and is run again as a whole: the device starts each kernel by itself.
package final class CUDAGraph: @unchecked Sendable {
  private let exec: scu_graph_exec
  private let context: CUDAContext

  /// Takes down what `body` queues, which does not run yet. Throws what `body` and the driver
  /// throw.
  package init(
    in context: CUDAContext, _ body: () throws(SparrowError) -> Void
  ) throws(SparrowError) {
    self.context = context
    // Mode 2: calls of other threads are none of this capture's business.
    try context.call("cuStreamBeginCapture") { $0.begin_capture(context.stream, 2) }
    var failure: SparrowError?
    do throws(SparrowError) { try body() } catch { failure = error }
    var graph: scu_graph?
    // A capture is ended even where it failed: the stream could not be used any more.
    let status = context.driver.calls.end_capture(context.stream, &graph)
    defer { if let graph { _ = context.driver.calls.destroy_graph(graph) } }
    if let failure { throw failure }
    try context.call("cuStreamEndCapture") { _ in status }
    var exec: scu_graph_exec?
    try context.call("cuGraphInstantiate") { $0.instantiate(&exec, graph, 0) }
    self.exec = exec!
  }

  deinit {
    context.use()
    _ = context.driver.calls.destroy_exec(exec)
  }

  /// Queues all of it.
  package func launch() throws(SparrowError) {
    try context.call("cuGraphLaunch") { $0.launch_graph(exec, context.stream) }
  }
}
