/// An input of a layer's matrices; those that read the same one share it.
public enum LayerInput: String, Sendable, CaseIterable, BitwiseCopyable {
  /// Of query, key and value, and of the gates of queries where there are some.
  case attention
  /// Of attention's output matrix: all heads' results.
  case output
  /// Of gate, where there is one, and up.
  case feedForward = "feed_forward"
  /// Of down: the activated neurons.
  case down

  /// The matrices that read it, in the order in which they are computed.
  public var matrices: [WeightRole.Kind] {
    switch self {
    case .attention: [.query, .queryGate, .key, .value]
    case .output: [.output]
    case .feedForward: [.gate, .up]
    case .down: [.down]
    }
  }

  /// The input that a matrix reads; nil for those outside of layers.
  package init?(of matrix: WeightRole.Kind) {
    guard let input = Self.allCases.first(where: { $0.matrices.contains(matrix) }) else {
      return nil
    }
    self = input
  }

  /// What programs, reports and tables call the matrices.
  public var name: String {
    switch self {
    case .attention: "qkv"
    case .output: "project"
    case .feedForward: "gate, up"
    case .down: "down"
    }
  }
}

/// Which input of which layer's matrices it is.
public struct InputSource: Sendable, Hashable, BitwiseCopyable {
  public let layer: Int
  public let input: LayerInput

  public init(layer: Int, input: LayerInput) {
    self.layer = layer
    self.input = input
  }

  /// The matrices that may read it; networks without gate lack one.
  public var roles: [WeightRole] { input.matrices.map { WeightRole($0, layer: layer) } }
}
