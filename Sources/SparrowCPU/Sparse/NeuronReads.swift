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

  init(workers: Int, memory: Scratch) {
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
