/// What runs a model.
public enum Device: Sendable, Hashable, CustomStringConvertible {
  /// The processor, by as many threads as `LoadOptions.threads` says.
  case cpu
  /// An NVIDIA device by its number; needs its driver and NVRTC.
  case cuda(Int)

  /// `cpu`, `cuda:0` or, for the first device, `cuda`; nil for any other text.
  public init?(_ text: String) {
    if text == "cpu" {
      self = .cpu
    } else if text == "cuda" {
      self = .cuda(0)
    } else if text.hasPrefix("cuda:"), let number = Int(text.dropFirst(5)), number >= 0 {
      self = .cuda(number)
    } else {
      return nil
    }
  }

  /// Tokens of a prefill step at which it is about as fast as it becomes.
  var prefillTokens: Int { self == .cpu ? 128 : 512 }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let number): "cuda:\(number)"
    }
  }
}
