internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// What predicting, selecting and touching the neurons of one layer pass on to each other.
struct NeuronScores: BitwiseCopyable {
  /// Rows that a sparse step takes at most: wider batches run dense, since their union touches nearly all.
  static let maximumRows = 16

  /// Elements that a row of `scores` takes.
  let stride: Int
  /// `[rows][stride]`: a score for each group, or for each neuron where the selection sums them up.
  private let scores: UnsafeMutablePointer<Float>
  /// The neurons that rows selected.
  let selection: NeuronLists
  /// What was read so far.
  let reads: NeuronReads

  init(width: Int, workers: Int, memory: Scratch) {
    stride = FeedForwardPlan.paddedNeurons(width)
    scores = memory.floats(Self.maximumRows * stride)
    selection = NeuronLists(width: width, memory: memory)
    reads = NeuronReads(workers: workers, memory: memory)
  }

  /// Neurons of the network.
  var width: Int { selection.width }

  /// The neurons that a worker scores where it scores whole blocks.
  func share(_ worker: Worker) -> Range<Int> { worker.share(of: stride, unit: RowSketch.blockRows) }

  func scores(of row: Int) -> UnsafeMutablePointer<Float> { scores + row * stride }
}
