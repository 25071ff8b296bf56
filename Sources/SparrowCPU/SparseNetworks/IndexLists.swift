import SparrowCore

/// Neurons of a network, head groups, or elements of an input, chosen for each row of a step.
struct IndexLists: BitwiseCopyable {
  /// How many there are to choose from.
  let width: Int
  /// `[lists][width]`: each row's, ascending.
  private let chosen: UnsafeMutablePointer<Int32>
  /// `[lists]`
  let counts: UnsafeMutablePointer<Int32>
  /// Adjacent lists that hold the first row's.
  let parts: UnsafeMutablePointer<Int32>

  init(width: Int, lists: Int = StepState.maximumSparseRows, memory: OwnedMemory) {
    self.width = width
    chosen = memory.integers(lists * width)
    counts = memory.integers(lists)
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

  /// The places of a row's list that are a worker's: the same in a batch as of the row alone.
  func share(_ worker: Worker, of row: Int, unit: Int = 4) -> Range<Int> {
    worker.share(of: Int(counts[row]), unit: unit)
  }

  /// The places of a row's list whose neurons lie in `range`.
  func places(of range: Range<Int>, _ row: Int) -> Range<Int> {
    place(of: range.lowerBound, row)..<place(of: range.upperBound, row)
  }

  /// Gives away this worker's `share` of each row's list in runs of whole pieces of so many places:
  /// of a single row at once, of a batch by windows of neurons, all rows in each, so that weights
  /// which several rows want are read once from memory.
  ///
  /// Pieces are counted from the share's start: what is summed up by them is the same bits for a
  /// row in any company.
  func forEachRun(
    _ step: StepState, piece: Int, share: (_ row: Int) -> Range<Int>,
    body: (_ row: Int, _ neurons: UnsafePointer<Int32>, _ run: Range<Int>) -> Void
  ) {
    guard step.rows > 1 else {
      body(0, indices(of: 0), share(0))
      return
    }
    withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: step.rows) { left in
      for row in 0..<step.rows { left.initializeElement(at: row, to: share(row)) }
      for window in stride(from: 0, to: width, by: NeuronWindow.neurons) {
        let end = Int32(window + NeuronWindow.neurons)
        for row in 0..<step.rows {
          let run = run(of: left[row], piece: piece, before: end, indices(of: row))
          guard !run.isEmpty else { continue }
          left[row] = run.upperBound..<left[row].upperBound
          body(row, indices(of: row), run)
        }
      }
    }
  }

  /// The first pieces of these places whose neurons all come before `end`.
  private func run(
    of places: Range<Int>, piece: Int, before end: Int32, _ neurons: UnsafePointer<Int32>
  ) -> Range<Int> {
    var place = places.lowerBound
    while place < places.upperBound {
      let next = min(place + piece, places.upperBound)
      guard neurons[next - 1] < end else { break }
      place = next
    }
    return places.lowerBound..<place
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
