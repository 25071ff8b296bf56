import SparrowCore

/// What each worker keeps of the neurons that it takes at a time; networks run one after the other
/// and share it.
struct NeuronWindow: BitwiseCopyable {
  /// Neurons whose rows and columns a worker takes at a time.
  static let neurons = 64

  // `[neurons]` each: activations, products of up, and of the columns to read numbers and factors.
  let values: PerWorker<Float>
  let others: PerWorker<Float>
  let columns: PerWorker<Int32>
  let factors: PerWorker<Float>

  init(workers: Int, memory: Scratch) {
    values = PerWorker(Self.neurons, workers: workers, memory: memory)
    others = PerWorker(Self.neurons, workers: workers, memory: memory)
    columns = PerWorker(Self.neurons, workers: workers, memory: memory)
    factors = PerWorker(Self.neurons, workers: workers, memory: memory)
  }
}
