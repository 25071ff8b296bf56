internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// What predicting, selecting and touching the neurons of one layer pass on to each other.
struct NeuronScores: BitwiseCopyable {
  /// Elements that a row of `scores` takes.
  let stride: Int
  /// `[rows][stride]`: a score for each group, or for each neuron where the selection sums them up.
  private let scores: UnsafeMutablePointer<Float>
  /// The neurons that rows selected.
  let lists: IndexLists
  /// What was read so far.
  let reads: NeuronReads

  init(width: Int, workers: Int, memory: OwnedMemory) {
    stride = FeedForwardPlan.paddedNeurons(width)
    scores = memory.floats(StepState.maximumSparseRows * stride)
    lists = IndexLists(width: width, memory: memory)
    reads = NeuronReads(workers: workers, memory: memory)
  }

  /// Neurons of the network.
  var width: Int { lists.width }

  /// The neurons that a worker scores where it scores whole blocks.
  func share(_ worker: Worker) -> Range<Int> { worker.share(of: stride, unit: RowSketch.blockRows) }

  func scores(of row: Int) -> UnsafeMutablePointer<Float> { scores + row * stride }
}

/// How much of one layer was read so far, counted by each worker on a cache line of its own.
struct NeuronReads: BitwiseCopyable {
  private struct Counts: BitwiseCopyable {
    var tokens = 0
    /// Neurons that those tokens selected, and columns of down that they read.
    var neurons = 0
    var columns = 0
  }

  private let counts: PerWorker<Counts>
  private let workers: Int

  init(workers: Int, memory: OwnedMemory) {
    self.workers = workers
    counts = PerWorker(1, workers: workers, memory: memory)
  }

  func add(_ worker: Int, tokens: Int, neurons: Int) {
    counts[worker].pointee.tokens += tokens
    counts[worker].pointee.neurons += neurons
  }

  /// Counts anew.
  func reset() {
    for worker in 0..<workers { counts[worker].pointee = Counts() }
  }

  func addColumns(_ worker: Int, _ count: Int) { counts[worker].pointee.columns += count }

  /// Neurons and columns of a token on average; nil before the first.
  var mean: (neurons: Double, columns: Double)? {
    var sum = Counts()
    for worker in 0..<workers {
      let own = counts[worker].pointee
      sum.tokens += own.tokens
      sum.neurons += own.neurons
      sum.columns += own.columns
    }
    guard sum.tokens > 0 else { return nil }
    return (
      Double(sum.neurons) / Double(sum.tokens), Double(sum.columns) / Double(sum.tokens)
    )
  }
}
