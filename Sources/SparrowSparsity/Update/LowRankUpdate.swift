package import SparrowBlocks
import SparrowCore

/// What training adds to one matrix of the base model: scale · b a (LoRA, arXiv 2106.09685, eq 3).
///
/// Rows and columns are in the order of the base checkpoint's own tensor.
public struct LowRankUpdate: Sendable, Equatable {
  /// `[rank, in]`
  public var a: PredictorMatrix
  /// `[out, rank]`
  public var b: PredictorMatrix
  /// LoRA's alpha over the rank.
  public var scale: Float

  public init(a: PredictorMatrix, b: PredictorMatrix, scale: Float) {
    self.a = a
    self.b = b
    self.scale = scale
  }

  public var rank: Int { a.rows }
  public var byteCount: Int { a.bytes.count + b.bytes.count }

  /// The types that both matrices may have.
  static let types: [ElementType] = [.f16, .q8_0]

  /// Throws `.malformed` unless the parts fit each other and hold finite numbers.
  func validate(file: String, name: String) throws(SparrowError) {
    let check = PlanCheck(file: file, name: name)
    try check.require(scale.isFinite, "scale", scale, "a finite number")
    for (part, matrix) in [("a", a), ("b", b)] {
      try matrix.validate(file: file, name: name + "." + part)
      try check.require(
        Self.types.contains(matrix.type), part, matrix.type.rawValue,
        Self.types.map(\.rawValue).joined(separator: " or "))
      try check.require(
        matrix.isFinite, part, "a number that is not finite", "finite ones")
    }
    try check.require(a.type == b.type, "a", a.type.rawValue, b.type.rawValue)
    try check.require(b.columns == a.rows, "b", "\(b.columns) columns", "\(a.rows)")
  }

  /// The type that a matrix of `type` is kept in once it is updated: its own, or, for types that
  /// have no encoder here, Q8_0 for blocks and F32 for F64.
  package static func mergedType(_ type: ElementType) -> ElementType {
    switch type {
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K, .iq4_nl, .iq4_xs, .mxfp4, .tq1_0, .tq2_0: .q8_0
    case .f64: .f32
    default: type
    }
  }
}
