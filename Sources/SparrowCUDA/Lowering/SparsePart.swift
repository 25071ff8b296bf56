import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// One kind of sparsity in a lowered program: its networks, its attention or its matrices' inputs.
///
/// Made once for a plan's layers, of which it keeps on the device what sparse kernels read
/// otherwise than dense ones; then it serves any plan of these layers, or of some of them.
protocol SparsePart: AnyObject, Sendable {
  /// Runs this plan's layers from now on, of those it was made with, and counts anew. What was
  /// lowered before must not run again.
  func use(_ plan: SparsePlan) throws(SparrowError)

  /// An operation as launches; nil where it is not of this kind.
  func lower(_ operation: Operation) throws(SparrowError) -> LoweredOperation?

  /// Notes what a token touched on average so far; all of it before the first. Waits for the
  /// device.
  func note(in touched: inout Touched) throws(SparrowError)
}
