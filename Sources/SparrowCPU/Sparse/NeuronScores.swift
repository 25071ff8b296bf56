internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// What predicting, selecting and touching the neurons of one layer pass on to each other.
struct NeuronScores: BitwiseCopyable {
  /// Rows that a sparse step takes at most: wider batches run dense, since their union touches nearly all.
  static let maximumRows = 16

  /// Neurons of the network.
  let width: Int
  /// Elements that a row of `scores` takes.
  let stride: Int
  /// `[rows][stride]`: a score for each group, or for each neuron where the selection sums them up.
  let scores: UnsafeMutablePointer<Float>
  /// `[rows][width]`: the selected neurons, ascending.
  let neurons: UnsafeMutablePointer<Int32>
  /// `[rows]`
  let counts: UnsafeMutablePointer<Int32>
  /// `[rows]`: steps so far, and neurons that they selected.
  let steps: UnsafeMutablePointer<Int>
  let selected: UnsafeMutablePointer<Int>

  init(width: Int, memory: Scratch) {
    self.width = width
    stride = FeedForwardPlan.paddedNeurons(width)
    let rows = Self.maximumRows
    scores = memory.floats(rows * stride)
    neurons = memory.integers(rows * width)
    counts = memory.integers(rows)
    steps = memory.bytes(rows * 8).assumingMemoryBound(to: Int.self)
    selected = memory.bytes(rows * 8).assumingMemoryBound(to: Int.self)
  }

  func scores(of row: Int) -> UnsafeMutablePointer<Float> { scores + row * stride }
  func neurons(of row: Int) -> UnsafeMutablePointer<Int32> { neurons + row * width }

  /// Neurons that a token selected on average; all before the first.
  var meanSelected: Double {
    let rows = Self.maximumRows
    let steps = (0..<rows).reduce(0) { $0 + self.steps[$1] }
    guard steps > 0 else { return Double(width) }
    return Double((0..<rows).reduce(0) { $0 + selected[$1] }) / Double(steps)
  }
}
