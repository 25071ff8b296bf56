public import SparrowCore
public import SparrowFormats
public import SparrowTransformer

/// What a checkpoint holds, known from its headers alone.
public struct ModelDescription: Sendable {
  public let configuration: ModelConfiguration
  public let binding: WeightBinding
  /// What the files say in two ways, and which of them counts: a line each.
  public let notes: [String]

  /// Reads the configuration and binds every tensor to its role. Reads headers only, but for a tied
  /// head beside which a file holds another.
  public init(_ checkpoint: Checkpoint) throws(SparrowError) {
    var notes: [String] = []
    var configuration: ModelConfiguration
    if checkpoint.kind == .gguf {
      configuration = try ModelConfiguration(gguf: checkpoint)
    } else {
      guard let config = checkpoint.config else {
        throw SparrowError(
          .malformed, file: checkpoint.path, field: "config.json", found: "no such file",
          expected: "a Hugging Face folder with config.json")
      }
      configuration = try ModelConfiguration(huggingFace: config, file: checkpoint.path)
      notes += config.repeatedKeys.map {
        "\(checkpoint.path): config.json: '\($0)' is given twice; the last counts"
      }
      if configuration.tiedHead, let head = try checkpoint.ownHead(configuration) {
        configuration.tiedHead = false
        notes.append(
          "\(checkpoint.path): \(head.name) differs from the embedding that config.json "
            + "ties it to; the file's own counts")
      }
    }
    self.configuration = configuration
    self.notes = notes
    binding = try WeightBinding(checkpoint: checkpoint, configuration: configuration)
    if let config = checkpoint.config, checkpoint.kind == .huggingFace {
      try binding.refuseForeignBiases(config)
    }
  }

  /// Parameters of all bound tensors.
  public var parameterCount: Int {
    binding.checkpoint.tensors.reduce(0) { $0 + $1.elementCount }
  }
}
