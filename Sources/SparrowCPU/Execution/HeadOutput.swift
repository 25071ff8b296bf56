/// Logits of one row: of all vocabulary rows, or of a sparse head's candidates.
///
/// Valid until the engine's next call.
package struct HeadOutput {
  /// The vocabulary rows of `logits`, ascending; nil when they are all rows from 0.
  package let ids: UnsafeBufferPointer<Int32>?
  package let logits: UnsafeBufferPointer<Float>
  /// A sparse head was in doubt and computed all logits.
  package var fellBack = false
}
