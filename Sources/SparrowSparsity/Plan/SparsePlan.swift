public import SparrowTransformer

/// All that is sparse in a model: its vocabulary head, networks, attention and inputs of matrices.
///
/// Programs are rewritten by it, engines pack what it needs, adapters keep it.
public struct SparsePlan: Sendable, Equatable {
  /// nil leaves the vocabulary head dense.
  public var head: SketchedVocabulary?
  /// The sparse feed-forward networks by layer; the others stay dense.
  public var networks: [Int: FeedForwardPlan]
  /// The sparse attention by layer; the others stay dense.
  public var attention: [Int: AttentionPlan]
  /// The thresholds of matrices' inputs by layer; those of the others all count.
  public var inputs: [Int: InputPlan]
  /// Sequences of a sparse step at most: up to so many sparse layers were measured to pay. More
  /// take several steps, so that what a sequence gives does not depend on how many there are.
  public var widestBatch: Int

  /// Nothing is sparse.
  public static let dense = SparsePlan()

  public init(
    head: SketchedVocabulary? = nil, networks: [Int: FeedForwardPlan] = [:],
    attention: [Int: AttentionPlan] = [:], inputs: [Int: InputPlan] = [:],
    widestBatch: Int = BatchLimit.none
  ) {
    self.head = head
    self.networks = networks
    self.attention = attention
    self.inputs = inputs
    self.widestBatch = widestBatch
  }

  /// Whether more than the vocabulary head is sparse.
  public var hasSparseLayers: Bool { !networks.isEmpty || !attention.isEmpty || !inputs.isEmpty }

  /// Whether anything is sparse.
  public var isSparse: Bool { head != nil || hasSparseLayers }

  /// The plan for so many sequences at once: layers that were measured to pay in narrower batches
  /// only stay dense. It depends on no load, so that what a sequence gives does not either.
  public func paying(for sequences: Int) -> SparsePlan {
    sequences > widestBatch ? SparsePlan(head: head, widestBatch: widestBatch) : self
  }
}

extension SparsePlan {
  /// The dense program with everything sparse that the plan makes sparse.
  public func rewrite(_ program: StepProgram) -> StepProgram {
    var program = program.withSparseAttention(attention).withSparseFeedForward(networks)
      .withSparseInputs(inputs)
    if head != nil { program = program.withSparseHead() }
    return program
  }
}
