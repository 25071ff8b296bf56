/// Memory for the keys and values that layers make late; layers run one after the other and share it.
struct MissingKeysWork: BitwiseCopyable {
  /// Keys of all heads of the widest layer.
  let width: Int
  private let keys: UnsafeMutablePointer<Float>
  private let values: UnsafeMutablePointer<Float>

  /// For each row of a sparse step, or each worker, `[DeferredKeys.positions][width]`.
  init(width: Int, workers: Int, memory: Scratch) {
    self.width = width
    let count = max(workers, NeuronScores.maximumRows) * DeferredKeys.positions * width
    keys = memory.floats(count)
    values = memory.floats(count)
  }

  func keys(_ place: Int) -> UnsafeMutablePointer<Float> {
    keys + place * DeferredKeys.positions * width
  }
  func values(_ place: Int) -> UnsafeMutablePointer<Float> {
    values + place * DeferredKeys.positions * width
  }
}
