internal import SparrowCore
internal import SparrowTransformer

/// matrix · x + bias for a row-major matrix, `[rows]`.
func product(_ matrix: [Float], _ x: [Float], _ bias: [Float]?) -> [Float] {
  (0..<matrix.count / max(1, x.count)).map { row in
    var sum: Float = bias?[row] ?? 0
    let start = row * x.count
    for column in x.indices { sum += matrix[start + column] * x[column] }
    return sum
  }
}

func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

func softmax(_ scores: [Float]) -> [Float] {
  let most = scores.max() ?? 0
  let powers = scores.map { Float(exponential(Double($0 - most))) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

/// cap * tanh(value / cap); the value itself where there is no cap.
func capped(_ value: Float, at cap: Float) -> Float {
  cap > 0 ? cap * Float(hyperbolicTangent(Double(value / cap))) : value
}

extension Activation {
  func value(_ x: Float) -> Float {
    switch self {
    case .relu: max(0, x)
    case .reluSquared: max(0, x) * max(0, x)
    case .silu: x / (1 + Float(exponential(Double(-x))))
    case .gelu: Float(Double(x) * (1 + errorFunction(Double(x) / 2.0.squareRoot())) / 2)
    case .geluTanh:
      x * (1 + Float(hyperbolicTangent(0.797_884_560_8 * Double(x + 0.044_715 * x * x * x)))) / 2
    }
  }
}

extension Array {
  /// Runs of `size` elements.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
