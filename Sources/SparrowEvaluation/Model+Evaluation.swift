package import Sparrow
package import SparrowCPU
import SparrowCore

extension Model {
  /// Logits of the whole vocabulary for the step that gave `output`: its own where they are all there, else
  /// the dense head's over the same hidden state.
  ///
  /// For use inside the step's turn; ends the validity of `output`.
  package func bodyLogits(_ output: HeadOutput) -> UnsafeBufferPointer<Float> {
    output.ids == nil ? output.logits : engine.logits(rows: 0..<1)
  }

  /// Throws `.argument` for a model that no adapter changes.
  func requireAdapter() throws(SparrowError) {
    guard isSparse || changesWeights else {
      throw SparrowError(
        .argument, file: path, field: "adapter", found: "a dense model",
        expected: "one that an adapter makes sparse, or whose weights it changes")
    }
  }
}
