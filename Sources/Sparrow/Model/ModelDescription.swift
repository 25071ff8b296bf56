public import SparrowCore
public import SparrowFormats
public import SparrowTransformer

/// What a checkpoint holds, known from its headers alone.
public struct ModelDescription: Sendable {
  public let configuration: ModelConfiguration
  public let binding: WeightBinding

  /// Reads the configuration and binds every tensor to its role. Reads headers only.
  public init(_ checkpoint: Checkpoint) throws(SparrowError) {
    if checkpoint.kind == .gguf {
      configuration = try ModelConfiguration(gguf: checkpoint)
    } else {
      guard let config = checkpoint.config else {
        throw SparrowError(
          .malformed, file: checkpoint.path, field: "config.json", found: "no such file",
          expected: "a Hugging Face folder with config.json")
      }
      configuration = try ModelConfiguration(huggingFace: config, file: checkpoint.path)
    }
    binding = try WeightBinding(checkpoint: checkpoint, configuration: configuration)
  }

  /// Parameters of all bound tensors.
  public var parameterCount: Int {
    binding.checkpoint.tensors.reduce(0) { $0 + $1.elementCount }
  }
}
