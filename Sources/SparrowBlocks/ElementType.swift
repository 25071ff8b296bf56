package import CSparrowBlocks

/// How a tensor's elements lie in a file.
public enum ElementType: String, Sendable, CaseIterable {
  case f32, f16, bf16
  case i8, i16, i32, i64, u8, bool, f64
  case q4_0, q4_1, q5_0, q5_1, q8_0, q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq4_nl, iq4_xs, mxfp4, tq1_0, tq2_0

  /// ggml's number of this type; nil for those that GGUF files do not have.
  package var ggml: sb_type? {
    switch self {
    case .f32: SB_F32
    case .f16: SB_F16
    case .bf16: SB_BF16
    case .i8: SB_I8
    case .i16: SB_I16
    case .i32: SB_I32
    case .i64: SB_I64
    case .f64: SB_F64
    case .u8, .bool: nil
    case .q4_0: SB_Q4_0
    case .q4_1: SB_Q4_1
    case .q5_0: SB_Q5_0
    case .q5_1: SB_Q5_1
    case .q8_0: SB_Q8_0
    case .q2_K: SB_Q2_K
    case .q3_K: SB_Q3_K
    case .q4_K: SB_Q4_K
    case .q5_K: SB_Q5_K
    case .q6_K: SB_Q6_K
    case .q8_K: SB_Q8_K
    case .iq4_nl: SB_IQ4_NL
    case .iq4_xs: SB_IQ4_XS
    case .mxfp4: SB_MXFP4
    case .tq1_0: SB_TQ1_0
    case .tq2_0: SB_TQ2_0
    }
  }

  /// The number itself, as it stands in files.
  package var ggmlNumber: UInt32? { ggml.map { UInt32($0.rawValue) } }

  /// Whether weights may have this type: floats and blocks.
  package var holdsWeights: Bool {
    switch self {
    case .i8, .i16, .i32, .i64, .u8, .bool: false
    default: true
    }
  }

  /// Elements that are stored together.
  public var blockElements: Int { ggml.map { Int(sb_block_of($0).weights) } ?? 1 }

  /// Bytes of one block.
  public var blockBytes: Int { ggml.map { Int(sb_block_of($0).bytes) } ?? 1 }

  /// Bytes of `elements` elements; nil when they do not fill whole blocks or the product overflows.
  public func byteCount(elements: Int) -> Int? {
    let block = blockElements
    guard elements >= 0, elements % block == 0 else { return nil }
    let (bytes, overflow) = (elements / block).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
