public import SparrowBlocks
import SparrowCore

/// How a sketch keeps rows.
public enum SketchCoding: String, Sendable, CaseIterable {
  /// Product quantisation: 4-bit codes of groups of directions.
  case product
  /// HiRE-Q: every column of the row in int4, nothing learnt but the mean.
  case int4
  /// The same in 5 bits: estimates of neurons have a quarter of the error's energy.
  case int5
  /// HiRE-LR: the leading directions of the row in the basis of hidden states, float16.
  case lowRank = "low-rank"
  /// HiRE-LRQ: the leading directions in int4.
  case lowRankInt4 = "low-rank-int4"

  /// How one direction is stored; nil for codes.
  public var type: ElementType? {
    switch self {
    case .product: nil
    case .int4, .lowRankInt4: .q4_0
    case .int5: .q5_0
    case .lowRank: .f16
    }
  }

  /// Whether directions are the matrix's own columns, all of them.
  public var keepsColumns: Bool { self == .int4 || self == .int5 }
}

/// The rows of a scalar sketch: HiRE's Q, LR and LRQ (arXiv 2402.09360, section 3.1).
public struct SketchRows: Sendable, Equatable {
  public var coding: SketchCoding
  /// Elements of a row, a multiple of 32.
  public var directions: Int
  /// `[rows, directions]` in the coding's element type: GGUF's Q4_0 or Q5_0 blocks or float16.
  public var bytes: [UInt8]

  public init(coding: SketchCoding, directions: Int, bytes: [UInt8]) {
    self.coding = coding
    self.directions = directions
    self.bytes = bytes
  }

  /// Bytes of one row.
  public var rowBytes: Int { coding.type?.byteCount(elements: directions) ?? 0 }

  func validate(rowCount: Int, file: String, name: String) throws(SparrowError) {
    guard coding != .product, directions > 0, directions % 32 == 0 else {
      throw SparrowError(
        .malformed, file: file, field: name + ".rows", found: "\(coding.rawValue) of \(directions)",
        expected: "int4, int5 or low rank, a multiple of 32 directions")
    }
    guard bytes.count == rowCount * rowBytes else {
      throw SparrowError(
        .malformed, file: file, field: name + ".rows", found: "\(bytes.count) bytes",
        expected: "\(rowCount * rowBytes)")
    }
  }
}
