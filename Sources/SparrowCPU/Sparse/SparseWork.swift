import SparrowCore

/// Memory that products by columns work in; layers run one after the other and share it.
struct SparseWork: BitwiseCopyable {
  /// Elements that a result takes: its width padded to what products by columns write.
  let stride: Int
  private let results: UnsafeMutablePointer<Float>
  private let floats: UnsafeMutablePointer<Float>
  private let numbers: UnsafeMutablePointer<Int32>
  /// More than a window of neurons, and of whole cache lines.
  private static let room = 128

  init(width: Int, workers: Int, memory: Scratch) {
    stride = Self.padded(width)
    results = memory.floats(workers * NeuronScores.maximumRows * stride)
    floats = memory.floats(workers * 3 * Self.room)
    numbers = memory.integers(workers * Self.room)
  }

  /// Elements that products by columns write for so many rows.
  static func padded(_ rows: Int) -> Int { (rows + 63) / 64 * 64 }

  func result(_ worker: Worker, _ row: Int) -> UnsafeMutablePointer<Float> {
    result(worker.index, row)
  }
  func result(_ worker: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
    results + (worker * NeuronScores.maximumRows + row) * stride
  }
  func values(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 0) }
  func others(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 1) }
  func factors(_ worker: Worker) -> UnsafeMutablePointer<Float> { part(worker, 2) }
  func chosen(_ worker: Worker) -> UnsafeMutablePointer<Int32> {
    numbers + worker.index * Self.room
  }

  private func part(_ worker: Worker, _ index: Int) -> UnsafeMutablePointer<Float> {
    floats + (worker.index * 3 + index) * Self.room
  }
}
