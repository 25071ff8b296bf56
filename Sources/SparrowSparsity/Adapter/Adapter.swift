package import SparrowFormats

/// A plan with its tensors, made for one base model: what turns a dense model into a sparse one.
///
/// On disk a folder: `adapter.json` (version, base model, plan) and `adapter.safetensors`.
public struct Adapter: Sendable, Equatable {
  /// The version that this code writes and reads.
  public static let version = 2

  /// `Checkpoint.contentHash()` of the model that it was made for.
  public var baseHash: String
  /// The model's name, for people.
  public var baseName: String
  public var plan: SparsePlan
  /// What changes in the base model's weights when it is loaded.
  public var updates: WeightUpdates

  public init(
    baseHash: String, baseName: String, plan: SparsePlan = .dense,
    updates: WeightUpdates = WeightUpdates()
  ) {
    self.baseHash = baseHash
    self.baseName = baseName
    self.plan = plan
    self.updates = updates
  }

  /// Without anything sparse yet, for a checkpoint.
  package init(for base: Checkpoint) {
    self.init(
      baseHash: base.contentHash(),
      baseName: base.path.split(separator: "/").last.map(String.init) ?? base.path)
  }
}
