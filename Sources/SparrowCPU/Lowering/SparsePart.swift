import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// One kind of sparsity in a lowered program: its networks, its attention or its matrices' inputs.
///
/// Made once for a plan's layers, of which it packs what sparse kernels read otherwise than dense
/// ones; then it serves any plan of these layers, or of some of them.
protocol SparsePart: AnyObject {
  /// nil for a plan without such layers.
  init?(_ plan: SparsePlan, _ memory: ModelMemory, pool: WorkerPool)

  /// Runs this plan's layers from now on, of those it was made with, and counts anew. What was
  /// lowered before must not run again.
  func use(_ plan: SparsePlan)

  /// The kernel of an operation; nil where it is not of this kind.
  func lower(_ operation: Operation, _ operands: Operands) -> LoweredOperation?

  /// What a dense step after sparse ones runs before its own operations; no kernel waits for
  /// another.
  func catchUps(_ operands: Operands) -> [CatchUpKernel]

  /// What a sequence keeps for what sparse steps leave out; nil for nothing.
  var deferredKeys: DeferredKeys.Layout? { get }

  /// Notes what a token touched on average so far; all of it before the first.
  func note(in touched: inout Touched)
}

extension SparsePart {
  func catchUps(_ operands: Operands) -> [CatchUpKernel] { [] }
  var deferredKeys: DeferredKeys.Layout? { nil }
}

extension SparsePlan {
  /// The parts that lower what it makes sparse.
  func parts(_ memory: ModelMemory, pool: WorkerPool) -> [any SparsePart] {
    let kinds: [any SparsePart.Type] = [
      SparseNetworks.self, SparseAttention.self, SparseInputs.self,
    ]
    return kinds.compactMap { $0.init(self, memory, pool: pool) }
  }
}
