internal import CSparrowKernels
import SparrowCore

/// The large ones among inputs, a list for each worker; operations run one after the other and share them.
struct LargeInputs: BitwiseCopyable {
  private let width: Int
  /// `[workers][width]` each.
  private let indices: UnsafeMutablePointer<Int32>
  private let values: UnsafeMutablePointer<Float>

  init(width: Int, workers: Int, memory: Scratch) {
    self.width = width
    indices = memory.integers(workers * width)
    values = memory.floats(workers * width)
  }

  func indices(_ worker: Worker) -> UnsafeMutablePointer<Int32> {
    indices + worker.index * width
  }
  func values(_ worker: Worker) -> UnsafeMutablePointer<Float> { values + worker.index * width }

  /// Lists the inputs of `range` whose size is above `threshold`, ascending; returns how many there are.
  func find(
    in x: UnsafePointer<Float>, _ range: Range<Int>, above threshold: Float, _ worker: Worker
  ) -> Int {
    Int(
      sk_select_large(
        x + range.lowerBound, Int32(range.count), threshold, Int32(range.lowerBound),
        indices(worker), values(worker)))
  }
}
