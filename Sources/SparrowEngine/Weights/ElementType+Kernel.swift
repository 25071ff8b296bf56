package import CSparrowKernels
package import SparrowCore

extension ElementType {
  /// The kernels' name for this type; nil for types that hold no weights.
  package var kernelType: sk_gguf_type? {
    switch self {
    case .f64: SK_GGUF_F64
    case .f32: SK_GGUF_F32
    case .f16: SK_GGUF_F16
    case .bf16: SK_GGUF_BF16
    case .q4_0: SK_GGUF_Q4_0
    case .q4_1: SK_GGUF_Q4_1
    case .q5_0: SK_GGUF_Q5_0
    case .q5_1: SK_GGUF_Q5_1
    case .q8_0: SK_GGUF_Q8_0
    case .q2_K: SK_GGUF_Q2_K
    case .q3_K: SK_GGUF_Q3_K
    case .q4_K: SK_GGUF_Q4_K
    case .q5_K: SK_GGUF_Q5_K
    case .q6_K: SK_GGUF_Q6_K
    case .q8_K: SK_GGUF_Q8_K
    case .iq4_nl: SK_GGUF_IQ4_NL
    case .iq4_xs: SK_GGUF_IQ4_XS
    case .mxfp4: SK_GGUF_MXFP4
    case .tq1_0: SK_GGUF_TQ1_0
    case .tq2_0: SK_GGUF_TQ2_0
    case .i8, .i16, .i32, .i64, .u8, .bool: nil
    }
  }
}
