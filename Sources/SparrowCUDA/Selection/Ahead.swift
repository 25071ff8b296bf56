import SparrowCore

/// Marks of predicting and selecting for a layer that run beside the work of the layer before.
struct Ahead: Sendable {
  /// The input is there.
  private let begin: CUDAEvent
  /// The input was read.
  private let hasRead: CUDAEvent
  /// The selection is there.
  private let end: CUDAEvent
  private let context: CUDAContext

  init(in context: CUDAContext) throws(SparrowError) {
    self.context = context
    begin = try CUDAEvent(in: context)
    hasRead = try CUDAEvent(in: context)
    end = try CUDAEvent(in: context)
  }

  /// Queues predicting, which says when it has read its input, and selecting.
  func launch(
    _ predict: (_ hasRead: CUDAEvent) throws(SparrowError) -> Void,
    _ select: () throws(SparrowError) -> Void
  ) throws(SparrowError) {
    try context.beside(since: begin) { () throws(SparrowError) in
      try predict(hasRead)
      try select()
      try end.record()
    }
  }

  /// Holds back what may write to the input.
  func release() throws(SparrowError) { try hasRead.holdBack() }

  /// Holds back what uses the selection.
  func join() throws(SparrowError) { try end.holdBack() }
}
