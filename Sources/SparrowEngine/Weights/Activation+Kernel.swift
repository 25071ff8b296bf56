package import CSparrowKernels
package import SparrowTransformer

extension Activation {
  package var kernel: sk_activation {
    switch self {
    case .relu: SK_RELU
    case .reluSquared: SK_RELU_SQUARED
    case .silu: SK_SILU
    case .gelu: SK_GELU_ERF
    case .geluTanh: SK_GELU_TANH
    }
  }
}
