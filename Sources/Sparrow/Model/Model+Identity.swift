import SparrowCore
import SparrowFormats
import SparrowSparsity

extension Model {
  /// What tells two models apart by what they compute, as 64 hexadecimal digits: SHA-256 of the
  /// weights, the tokenizer with its template, the adapter, the plan that runs and the program.
  ///
  /// Reads the first 4 KiB of each tensor.
  package var identity: String {
    var hash = SHA256()
    let head = plan.head.map { "\($0.plan) \($0.recall)" }
    let parts = [
      sparrowVersion, binding.checkpoint.sampleHash(), tokenizer.fingerprint,
      adapterIdentity ?? "", head ?? "", "\(plan.widestBatch)",
    ]
    for part in parts { hash.update(part + "\n") }
    for operation in program.operations { hash.update("\(operation)\n") }
    return hash.hexDigest()
  }
}
