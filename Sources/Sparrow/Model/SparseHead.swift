import SparrowCore
import SparrowFormats
import SparrowSparsity

/// The sparse head that load options ask for.
struct SparseHead {
  let plan: HeadPlan
  let sketch: RowSketch
  let recall: HeadRecall

  /// nil when no adapter is given, it has no head, or only the dense head reaches the asked recall.
  ///
  /// Throws what reading the adapter throws, `.mismatch` when it was made for another model, `.argument`
  /// for a recall outside 0...1 or one that no adapter serves.
  init?(_ options: LoadOptions, _ checkpoint: Checkpoint) throws(SparrowError) {
    guard let folder = options.adapter else {
      guard options.headRecall == nil else {
        throw SparrowError(
          .argument, file: checkpoint.path, field: "head recall", found: "no adapter",
          expected: "an adapter with a sparse head (--adapter)")
      }
      return nil
    }
    let adapter = try Adapter.read(folder)
    try adapter.check(base: checkpoint.contentHash(), name: checkpoint.path)
    guard let head = adapter.head else { return nil }
    if let target = options.headRecall {
      guard let recall = try HeadRecall.reaching(target, head.plan) else { return nil }
      self.recall = recall
    } else {
      recall = .greedy(head.plan)
    }
    plan = head.plan
    sketch = head.sketch
  }
}
