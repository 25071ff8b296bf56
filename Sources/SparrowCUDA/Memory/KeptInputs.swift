import CSparrowCUDA
import SparrowCore

/// What a sequence keeps on the device for the keys and values that skipped heads have not made:
/// layers' inputs at the last positions, and how many positions each head has made.
///
/// What a head lacks is then always a run up to the sequence's end, so that truncating needs no
/// more than a minimum.
final class KeptInputs {
  /// The sizes of one sequence's memory; alike for all layers.
  struct Layout: BitwiseCopyable, Sendable {
    let layers: Int
    /// Heads of the layer that has most, up to a multiple of 32.
    let heads: Int
    /// Elements of a position, up to a multiple of 32.
    let width: Int

    var layerBytes: Int { 4 * (heads + Int(SCU_KEPT) * width) }
  }

  private let layout: Layout
  private let buffer: DeviceBuffer
  private let kernel: CUDAKernel
  /// What the device is still to be told of positions made.
  private var change: (count: Int, isLimit: Bool)?
  /// Heads may lack keys and values.
  private(set) var isBehind = false

  /// All heads have made `count` positions; `kernel` tells the device so.
  init(
    _ layout: Layout, count: Int, _ kernel: CUDAKernel, in context: CUDAContext
  ) throws(SparrowError) {
    self.layout = layout
    self.kernel = kernel
    buffer = try DeviceBuffer(layout.layers * layout.layerBytes, in: context)
    try buffer.clear()
    fill(to: count)
  }

  /// All heads have made `count` positions, as a dense step does.
  func fill(to count: Int) {
    change = (count, false)
    isBehind = false
  }

  /// Forgets the positions from `count` on.
  func truncate(to count: Int) {
    change = change.map { (min($0.count, count), $0.isLimit) } ?? (count, true)
  }

  /// Its memory for a step that may skip keys, in which everything that happened is noted once what
  /// is queued has run.
  func settle() throws(SparrowError) -> scu_address {
    if let change {
      try kernel.launch(
        .init(grid: 1, block: 256),
        scu_made(
          memory: buffer.address, layers: Int32(layout.layers), heads: Int32(layout.heads),
          width: Int32(layout.width), count: Int32(change.count),
          at_most: change.isLimit ? 1 : 0, pad: 0))
    }
    change = nil
    isBehind = true
    return buffer.address
  }
}
