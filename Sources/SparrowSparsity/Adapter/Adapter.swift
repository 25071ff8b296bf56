public import SparrowTransformer

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
  /// The sparse vocabulary head; nil leaves the head dense.
  public var head: (plan: HeadPlan, sketch: RowSketch)?
  /// The sparse feed-forward networks by layer; the others stay dense.
  public var layers: [Int: FeedForwardPlan]
  /// Sequences decoded together up to which the sparse layers were measured to pay; wider steps run dense.
  public var widestBatch: Int
  /// The most that `widestBatch` may be.
  public static let batchLimit = 16
  /// All that `widestBatch` may be.
  static let batches = 1...batchLimit
  /// The numbers that layers may have.
  static let layerNumbers = 0...999
  /// The sparse attention by layer; the others stay dense.
  public var attention: [Int: AttentionPlan]
  /// The thresholds of matrices' inputs by layer; those of the others all count.
  public var inputs: [Int: InputPlan]
  /// What is added to matrices of the base model when it is loaded.
  public var updates: [WeightRole: LowRankUpdate]
  /// Norm weights and biases in place of the base model's, as its checkpoint would hold them.
  public var vectors: [WeightRole: [Float]]

  public init(
    baseHash: String, baseName: String, head: (plan: HeadPlan, sketch: RowSketch)? = nil,
    layers: [Int: FeedForwardPlan] = [:], attention: [Int: AttentionPlan] = [:],
    inputs: [Int: InputPlan] = [:], widestBatch: Int = Adapter.batchLimit,
    updates: [WeightRole: LowRankUpdate] = [:], vectors: [WeightRole: [Float]] = [:]
  ) {
    self.baseHash = baseHash
    self.baseName = baseName
    self.head = head
    self.layers = layers
    self.attention = attention
    self.inputs = inputs
    self.widestBatch = widestBatch
    self.updates = updates
    self.vectors = vectors
  }

  public static func == (a: Adapter, b: Adapter) -> Bool {
    a.baseHash == b.baseHash && a.baseName == b.baseName && a.head?.plan == b.head?.plan
      && a.head?.sketch == b.head?.sketch && a.layers == b.layers && a.attention == b.attention
      && a.inputs == b.inputs && a.widestBatch == b.widestBatch && a.updates == b.updates
      && a.vectors == b.vectors
  }
}
