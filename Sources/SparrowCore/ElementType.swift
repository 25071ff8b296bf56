/// How a tensor's elements lie in a file.
public enum ElementType: String, Sendable, CaseIterable {
  case f32, f16, bf16
  case i8, i16, i32, i64, u8, bool, f64
  case q4_0, q4_1, q5_0, q5_1, q8_0, q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq4_nl, iq4_xs, mxfp4, tq1_0, tq2_0

  /// Elements that are stored together.
  public var blockElements: Int {
    switch self {
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl, .mxfp4: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K, .iq4_xs, .tq1_0, .tq2_0: 256
    default: 1
    }
  }

  /// Bytes of one block.
  public var blockBytes: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .f16, .bf16, .i16: 2
    case .f32, .i32: 4
    case .i64, .f64: 8
    case .mxfp4: 17
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .tq1_0: 54
    case .tq2_0: 66
    case .q2_K: 84
    case .q3_K: 110
    case .iq4_xs: 136
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .q8_K: 292
    }
  }

  /// Bytes of `elements` elements; nil when they do not fill whole blocks or the product overflows.
  public func byteCount(elements: Int) -> Int? {
    guard elements >= 0, elements % blockElements == 0 else { return nil }
    let (bytes, overflow) = (elements / blockElements).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
