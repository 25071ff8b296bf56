extension Activation {
  /// The names that checkpoints use, for error messages.
  static let checkpointNames =
    "relu, relu2, relu_squared, silu, swish, gelu, gelu_new or gelu_pytorch_tanh"

  /// Reads the name of a configuration (Hugging Face's, which GGUF files repeat); nil for an
  /// unknown one.
  init?(checkpointName name: String) {
    switch name {
    case "relu": self = .relu
    case "relu2", "relu_squared": self = .reluSquared
    case "silu", "swish": self = .silu
    case "gelu": self = .gelu
    case "gelu_new", "gelu_pytorch_tanh": self = .geluTanh
    default: return nil
    }
  }

  /// The name that transformers and Sparrow both read.
  package var checkpointName: String {
    switch self {
    case .relu: "relu"
    case .reluSquared: "relu2"
    case .silu: "silu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_pytorch_tanh"
    }
  }
}
