import SparrowCore

/// Neurons of a network, or head groups, chosen for each row of a step.
struct IndexLists: BitwiseCopyable {
  /// How many there are to choose from.
  let width: Int
  /// `[rows][width]`: each row's, ascending.
  private let chosen: UnsafeMutablePointer<Int32>
  /// `[rows]`
  let counts: UnsafeMutablePointer<Int32>
  /// Adjacent lists that hold the first row's.
  let parts: UnsafeMutablePointer<Int32>

  init(width: Int, memory: OwnedMemory) {
    self.width = width
    chosen = memory.integers(StepState.maximumSparseRows * width)
    counts = memory.integers(StepState.maximumSparseRows)
    parts = memory.integers(1)
    parts.pointee = 1
  }

  func indices(of row: Int) -> UnsafeMutablePointer<Int32> { chosen + row * width }

  /// The neurons chosen for a row, of all workers' lists; for what is not timed.
  func all(of row: Int) -> [Int32] {
    (row..<row + (row == 0 ? Int(parts.pointee) : 1)).flatMap {
      UnsafeBufferPointer(start: indices(of: $0), count: Int(counts[$0]))
    }
  }

  /// Gives away this worker's parts of the rows' lists: of a single row's a share of its neurons,
  /// of a batch's windows of neurons by their numbers, all rows in each.
  func forEachPart(
    _ worker: Worker, _ step: StepState, window: Int = NeuronWindow.neurons,
    _ body: (_ row: Int, _ neurons: UnsafePointer<Int32>, _ part: Range<Int>) -> Void
  ) {
    guard step.rows > 1 else {
      let share = worker.share(of: Int(counts[0]), unit: 4)
      forEachPart(of: 0, share, window: window) { body(0, $0, $1) }
      return
    }
    let share = worker.share(of: width, unit: window)
    for start in stride(from: share.lowerBound, to: share.upperBound, by: window) {
      let end = min(start + window, share.upperBound)
      for row in 0..<step.rows {
        let part = place(of: start, row)..<place(of: end, row)
        if !part.isEmpty { body(row, indices(of: row), part) }
      }
    }
  }

  /// Gives away a share of a row's list, a window at a time.
  func forEachPart(
    of row: Int, _ share: Range<Int>, window: Int,
    _ body: (_ neurons: UnsafePointer<Int32>, _ part: Range<Int>) -> Void
  ) {
    for start in stride(from: share.lowerBound, to: share.upperBound, by: window) {
      body(indices(of: row), start..<min(start + window, share.upperBound))
    }
  }

  /// Index of the first neuron of a row's list from `neuron` on.
  private func place(of neuron: Int, _ row: Int) -> Int {
    let neurons = indices(of: row)
    var low = 0
    var high = Int(counts[row])
    while low < high {
      let middle = (low + high) / 2
      if neurons[middle] < Int32(neuron) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
