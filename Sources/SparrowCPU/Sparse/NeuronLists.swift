/// Neurons of a network chosen for each row of a step.
struct NeuronLists: BitwiseCopyable {
  /// Neurons of the network.
  let width: Int
  /// `[rows][width]`: each row's neurons, ascending.
  private let neurons: UnsafeMutablePointer<Int32>
  /// `[rows]`
  let counts: UnsafeMutablePointer<Int32>
  /// Adjacent lists that hold the first row's neurons.
  let parts: UnsafeMutablePointer<Int32>

  private init(
    width: Int, neurons: UnsafeMutablePointer<Int32>, counts: UnsafeMutablePointer<Int32>,
    parts: UnsafeMutablePointer<Int32>
  ) {
    self.width = width
    self.neurons = neurons
    self.counts = counts
    self.parts = parts
  }

  init(width: Int, memory: Scratch) {
    self.width = width
    neurons = memory.integers(NeuronScores.maximumRows * width)
    counts = memory.integers(NeuronScores.maximumRows)
    parts = memory.integers(1)
    parts.pointee = 1
  }

  /// The lists from a row's on.
  func from(_ row: Int) -> NeuronLists {
    NeuronLists(
      width: width, neurons: neurons + row * width, counts: counts + row, parts: parts)
  }

  func neurons(of row: Int) -> UnsafeMutablePointer<Int32> { neurons + row * width }

  /// The neurons chosen for a row, of all workers' lists; for what is not timed.
  func all(of row: Int) -> [Int32] {
    (row..<row + (row == 0 ? Int(parts.pointee) : 1)).flatMap {
      UnsafeBufferPointer(start: neurons(of: $0), count: Int(counts[$0]))
    }
  }

  /// Index of the first neuron of a row's list from `neuron` on.
  func place(of neuron: Int, _ row: Int) -> Int {
    let neurons = neurons(of: row)
    var low = 0
    var high = Int(counts[row])
    while low < high {
      let middle = (low + high) / 2
      if neurons[middle] < Int32(neuron) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
