internal import Sparrow
public import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

extension Calibration {
  /// What is to become sparse; nil leaves a part as it is.
  public struct Request: Sendable {
    /// The vocabulary head.
    public var head: VocabularyCalibration.Options?
    /// Feed-forward networks.
    public var networks: FeedForwardCalibration.Options?
    /// Head groups of attention. With networks both are recorded in one pass, by the networks'
    /// text.
    public var attention: AttentionCalibration.Options?
    /// Inputs of all matrices.
    public var inputs: InputCalibration.Options?
    /// Another text that the head is measured on too.
    public var otherText: String?
    /// Bytes of memory that the program may hold; nil for what all layers together need.
    public var memory: Int?

    public init(
      head: VocabularyCalibration.Options? = nil, networks: FeedForwardCalibration.Options? = nil,
      attention: AttentionCalibration.Options? = nil, inputs: InputCalibration.Options? = nil
    ) {
      self.head = head
      self.networks = networks
      self.attention = attention
      self.inputs = inputs
    }

    /// Throws `.argument` for nothing to do, for parts that exclude each other, and for options
    /// outside their ranges, whatever the model is.
    public func validate() throws(SparrowError) {
      guard head != nil || networks != nil || attention != nil || inputs != nil else {
        throw SparrowError(
          .argument, found: "nothing to make sparse",
          expected: "head, networks, attention or inputs")
      }
      if inputs != nil, networks != nil || attention != nil {
        throw SparrowError(
          .argument, field: "inputs", found: networks != nil ? "networks" : "attention",
          expected: "no other plan for the same matrices")
      }
      if case .learnt = networks?.layers, attention != nil {
        throw SparrowError(
          .argument, field: "attention", found: "networks like those of an adapter",
          expected: "one of them")
      }
      try head?.validate()
      try networks?.settled(firesRarely: false).validate()
      try attention?.validate()
      try inputs?.validate()
    }

    /// The same, and throws `.argument` for a part that what is kept of `plan` excludes, and
    /// `.unsupported` for one that the model cannot have.
    func validate(for model: Model, besides plan: SparsePlan) throws(SparrowError) {
      try validate()
      try networks?.validate(model.configuration)
      if attention != nil { try AttentionCalibration.requireGroups(model) }
      let keepsLayers = !plan.networks.isEmpty || !plan.attention.isEmpty
      let makesLayers = networks != nil || attention != nil
      guard inputs == nil || !keepsLayers, plan.inputs.isEmpty || !makesLayers else {
        throw SparrowError(
          .argument, field: "adapter", found: inputs == nil ? "inputs" : "sparse layers",
          expected: "one without, since both are plans for the same matrices")
      }
    }

    /// A share of the progress for each pass over the text.
    func parts(_ progress: Progress) -> [Progress] {
      let count = [head != nil, inputs != nil, networks != nil || attention != nil].count { $0 }
      return (0..<count).map { progress.part($0, of: count) }
    }
  }
}
