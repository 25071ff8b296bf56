import CSparrowCUDA
package import SparrowCore

/// A mark in a queue of work.
package final class CUDAEvent: @unchecked Sendable {
  private let event: scu_event
  private let context: CUDAContext

  package init(in context: CUDAContext) throws(SparrowError) {
    self.context = context
    var event: scu_event?
    try context.call("cuEventCreate") { $0.make_event(&event, 0) }
    self.event = event!
  }

  deinit {
    context.use()
    _ = context.driver.calls.destroy_event(event)
  }

  /// Queues the mark.
  package func record() throws(SparrowError) {
    try context.call("cuEventRecord") { $0.record(event, context.current) }
  }

  /// Holds back what is queued next until the mark is reached.
  func holdBack() throws(SparrowError) {
    try context.call("cuStreamWaitEvent") { $0.stream_waits(context.current, event, 0) }
  }

  /// Waits until the mark is reached; at once where it was never queued.
  package func wait() throws(SparrowError) {
    try context.call("cuEventSynchronize") { $0.wait_for_event(event) }
  }

  /// Milliseconds from `start` to this mark; waits until it is reached.
  package func milliseconds(since start: CUDAEvent) throws(SparrowError) -> Double {
    var milliseconds: Float = 0
    try wait()
    try context.call("cuEventElapsedTime") { $0.elapsed(&milliseconds, start.event, event) }
    return Double(milliseconds)
  }
}
