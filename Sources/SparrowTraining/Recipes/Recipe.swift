#if Training
  package import SparrowCore
  package import SparrowFormats
  package import SparrowSparsity
  package import SparrowTransformer

  /// What is learnt, and how: all in which one kind of training differs from another.
  ///
  /// A run asks for these in the order in which they stand here. Only the name and the stages have
  /// no default.
  package protocol Recipe: Sendable {
    /// Its name in checkpoints.
    static var name: String { get }

    /// The density that is steered to, for the curves; nil where none is.
    var targetDensity: Double? { get }

    /// Throws `.mismatch` for a start that was made for another model than this, whose hash is
    /// `base`.
    func check(_ model: ModelConfiguration, base: String) throws(SparrowError)

    /// The model that learns, made of the one that is there.
    func configuration(_ model: ModelConfiguration) -> ModelConfiguration

    /// What learns, and by which losses. Throws `.argument` for what cannot be trained.
    func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage]

    /// Puts the parameters in order and adds those that the model does not have.
    func prepare(
      _ start: inout TrainingStart, progress: Progress
    ) throws(SparrowError)

    /// What decodes as was learnt, beside the checkpoint `base`: the trained model's, or the one
    /// that training began with where its weights stayed. nil where `base` alone does.
    func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter?
  }

  extension Recipe {
    package var targetDensity: Double? { nil }

    package func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {}

    package func configuration(_ model: ModelConfiguration) -> ModelConfiguration { model }

    package func prepare(
      _ start: inout TrainingStart, progress: Progress
    ) throws(SparrowError) {}

    package func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter? { nil }

    /// What a resumed run must share: the name and all members.
    var identity: String { "\(Self.name)(\(String(reflecting: self)))" }
  }

  /// A run before its first step.
  package struct TrainingStart {
    /// The model that learns, and the hash of the checkpoint that it was read from.
    package let configuration: ModelConfiguration
    package let base: String
    package let options: TrainingOptions
    /// The first batch that the run will learn from, `[batch, length]`.
    package let tokens: Tensor
    package var parameters: Parameters
    /// Neuron at each place, by layer; empty where neurons keep their places.
    package var orders: [[Int32]] = []
  }

  /// What training gave.
  package struct TrainedModel {
    package var configuration: ModelConfiguration
    package var parameters: Parameters
    /// Neuron at each place, by layer; empty where neurons kept their places.
    package var orders: [[Int32]] = []
    /// Of the last stage.
    package var networks: [NetworkMode]
    /// Rows that were not learnt, and how many of them a batch has.
    package var heldOut: TokenRows?
    package var batch = 1
    /// What decoding touches of them, where routers were settled on them.
    package var heldOutDensity: Double?
  }
#endif
