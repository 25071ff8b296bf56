internal import CSparrowKernels
import SparrowCore

/// The large ones among inputs, a list for each worker; operations run one after the other and share them.
struct LargeInputs: BitwiseCopyable {
  /// `[width]` each.
  let indices: PerWorker<Int32>
  let values: PerWorker<Float>

  init(width: Int, workers: Int, memory: Scratch) {
    indices = PerWorker(width, workers: workers, memory: memory)
    values = PerWorker(width, workers: workers, memory: memory)
  }

  /// Lists the inputs of `range` whose size is above `threshold`, ascending; returns how many there are.
  func find(
    in x: UnsafePointer<Float>, _ range: Range<Int>, above threshold: Float, _ worker: Worker
  ) -> Int {
    Int(
      sk_select_large(
        x + range.lowerBound, Int32(range.count), threshold, Int32(range.lowerBound),
        indices[worker], values[worker]))
  }
}
