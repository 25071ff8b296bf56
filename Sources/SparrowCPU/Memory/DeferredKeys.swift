internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// What a sequence keeps for the keys and values that skipped heads have not made: a layer's inputs
/// at the last positions, and for each head how many positions it has made.
///
/// What a head lacks is then always a run up to the sequence's end, so that truncating needs no
/// more than a minimum.
final class DeferredKeys {
  /// The sizes of one sequence's memory.
  struct Layout: BitwiseCopyable {
    /// Layers whose heads may lack keys.
    var layers = 0
    /// Heads of the layer that has most.
    var heads = 0
    /// Bytes of one position: the input as the matrices read it, then cosines and sines.
    var slotBytes = 0

    var countBytes: Int { CacheLine.whole(4 * heads) }
    /// Inputs lie there twice, so that any run of positions is in one piece.
    var layerBytes: Int { countBytes + 2 * CatchUp.positions * slotBytes }
  }

  let memory: UnsafeMutableRawPointer
  private let layout: Layout
  private let scratch = OwnedMemory()

  /// All heads have made `count` positions.
  init(_ layout: Layout, count: Int) {
    self.layout = layout
    memory = scratch.bytes(layout.layers * layout.layerBytes)
    setCounts { _ in Int32(count) }
  }

  /// All heads have made `count` positions, as a dense step does.
  func fill(to count: Int) { setCounts { _ in Int32(count) } }

  /// Forgets the positions from `count` on.
  func truncate(to count: Int) { setCounts { min($0, Int32(count)) } }

  private func setCounts(_ count: (Int32) -> Int32) {
    for layer in 0..<layout.layers {
      let counts = (memory + layer * layout.layerBytes).assumingMemoryBound(to: Int32.self)
      for head in 0..<layout.heads { counts[head] = count(counts[head]) }
    }
  }
}
