import CSparrowKernels
package import SparrowCPU

extension HeadOutput {
  /// The greedy token.
  package var top: Int32 {
    let best = sk_argmax(logits.baseAddress, Int32(logits.count))
    return ids.map { $0[Int(best)] } ?? best
  }
}
