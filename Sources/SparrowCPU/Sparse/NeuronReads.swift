/// How much of one layer was read so far, counted by each worker on a cache line of its own.
struct NeuronReads: BitwiseCopyable {
  private struct Counts: BitwiseCopyable {
    var tokens = 0
    /// Neurons that those tokens selected, and columns of down that they read.
    var neurons = 0
    var columns = 0
  }

  private let counts: UnsafeMutableRawPointer
  private let workers: Int
  private static let lineBytes = 128

  init(workers: Int, memory: Scratch) {
    self.workers = workers
    counts = memory.bytes(workers * Self.lineBytes)
  }

  func add(_ worker: Int, tokens: Int, neurons: Int) {
    let own = own(worker)
    own.pointee.tokens += tokens
    own.pointee.neurons += neurons
  }

  /// Counts anew.
  func reset() {
    for worker in 0..<workers { own(worker).pointee = Counts() }
  }

  func addColumns(_ worker: Int, _ count: Int) { own(worker).pointee.columns += count }

  /// Neurons and columns of a token on average; nil before the first.
  var mean: (neurons: Double, columns: Double)? {
    var sum = Counts()
    for worker in 0..<workers {
      let own = own(worker).pointee
      sum.tokens += own.tokens
      sum.neurons += own.neurons
      sum.columns += own.columns
    }
    guard sum.tokens > 0 else { return nil }
    return (
      Double(sum.neurons) / Double(sum.tokens), Double(sum.columns) / Double(sum.tokens)
    )
  }

  private func own(_ worker: Int) -> UnsafeMutablePointer<Counts> {
    (counts + worker * Self.lineBytes).assumingMemoryBound(to: Counts.self)
  }
}
