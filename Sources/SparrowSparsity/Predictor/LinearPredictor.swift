public import SparrowBlocks
import SparrowCore

/// Scores by one or two linear maps: score = b (a x) + bias, or b x + bias without `a`.
///
/// With two maps Deja Vu's predictor (arXiv 2310.17157, section 4.3: rank 1000, no non-linearity
/// between, as its code has it); with one LTE's router (arXiv 2402.06126, eq 1).
public struct LinearPredictor: Sendable, Equatable {
  /// `[rank, hidden]`
  public var a: PredictorMatrix?
  /// `[groups, rank]`, or `[groups, hidden]` without `a`.
  public var b: PredictorMatrix
  /// `[groups]`
  public var bias: [Float]

  public init(a: PredictorMatrix?, b: PredictorMatrix, bias: [Float]) {
    self.a = a
    self.b = b
    self.bias = bias
  }

  public var byteCount: Int { (a?.bytes.count ?? 0) + b.bytes.count + 4 * bias.count }

  /// Throws `.malformed` unless the parts fit each other, and `groups` scores of `hidden` inputs.
  func validate(
    file: String, name: String, groups: Int, hidden: Int
  ) throws(SparrowError) {
    try validate(file: file, name: name)
    let check = PlanCheck(file: file, name: name)
    try check.require(b.rows == groups, "b", "\(b.rows) rows", "\(groups)")
    let inputs = (a ?? b).columns
    try check.require(
      inputs == hidden, a == nil ? "b" : "a", "\(inputs) columns", "\(hidden)")
  }

  /// Throws `.malformed` unless the parts fit each other.
  func validate(file: String, name: String) throws(SparrowError) {
    let check = PlanCheck(file: file, name: name)
    try b.validate(file: file, name: name + ".b")
    if let a {
      try a.validate(file: file, name: name + ".a")
      try check.require(a.type == b.type, "a", a.type.rawValue, b.type.rawValue)
      try check.require(b.columns == a.rows, "b", "\(b.columns) columns", "\(a.rows)")
    }
    try check.require(bias.count == b.rows, "bias", bias.count, "\(b.rows)")
    try check.require(
      bias.allSatisfy(\.isFinite), "bias", "a number that is not finite", "finite ones")
  }
}

/// A matrix of a predictor in float16 or in GGUF's 8- or 4-bit blocks.
public struct PredictorMatrix: Sendable, Equatable {
  public var rows: Int
  public var columns: Int
  /// `.f16`, `.q8_0` or `.q4_0`.
  public var type: ElementType
  /// `[rows, columns]`
  public var bytes: [UInt8]

  public init(rows: Int, columns: Int, type: ElementType, bytes: [UInt8]) {
    self.rows = rows
    self.columns = columns
    self.type = type
    self.bytes = bytes
  }

  /// The types that a matrix may have.
  static let types: [ElementType] = [.f16, .q8_0, .q4_0]

  func validate(file: String, name: String) throws(SparrowError) {
    let rowBytes = type.byteCount(elements: columns)
    guard rows > 0, columns > 0, Self.types.contains(type), let rowBytes,
      bytes.count == rows * rowBytes
    else {
      throw SparrowError(
        .malformed, file: file, field: name,
        found: "\(bytes.count) bytes for \(rows) x \(columns) of \(type.rawValue)",
        expected: "whole rows of \(Self.types.map(\.rawValue).joined(separator: ", "))")
    }
  }
}
