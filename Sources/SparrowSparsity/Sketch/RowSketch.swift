public import SparrowCore

/// A sketch of a matrix's rows, the vocabulary head's or a feed-forward network's: HiRE's cheap
/// copy of the weights (arXiv 2402.09360, algorithm 1).
///
/// Either product-quantised, made of 4-bit codes that byte shuffles look up, or one of the paper's
/// own three (`rows`): int4 or int5, low rank, low rank in int4. Product quantisation is the best
/// of them at equal bytes.
///
/// With W' = W - meanRow and x = basis · (h - mean), where the basis makes recorded hidden states
/// white and orders directions by what they contribute to the products, W'(h - mean) = U x. The
/// columns of U are cut into groups; each row keeps, for each group, the number of the nearest of
/// 16 centroids. A row's score is
///
///     score(i) = bias(i) + sum over groups g of x_g · centroid(g, code(i, g))
///              ≈ W(i) · h - meanRow · h
///
/// Bytes read per token: groups / 2 + 2 a row, where the row itself has 17/16 · hidden in Q8_0.
/// With `rows` the sum is the product of a row's stored directions with x.
public struct RowSketch: Sendable, Equatable {
  /// Rows of the matrix.
  public var rowCount: Int
  /// Columns of the matrix.
  public var hidden: Int
  /// Mean of recorded hidden states, `[hidden]`.
  public var mean: [Float]
  /// Mean row of the matrix, `[hidden]`.
  public var meanRow: [Float]
  /// `[basisRows, hidden]` as Q8_0 blocks of GGUF (34 bytes for 32 weights), rows in order of
  /// weight: at least as many as codes need, all of them where the states' energy is wanted; empty
  /// where directions are the columns themselves.
  public var basis: [UInt8]
  /// Directions of each group: starts, then the end of the last, `[groups + 1]`.
  public var bounds: [Int]
  /// 16 centroids of each group one after another, `[16 · bounds.last]`: group g's centroid c at
  /// `16 · bounds[g] + c · width(g)`.
  public var centroids: [Float]
  /// `[ceil(rowCount / 64)][ceil(groups / 2)][64]`: byte j holds row 64 b + j's code of group 2p in
  /// its low and of group 2p + 1 in its high half.
  public var codes: [UInt8]
  /// float16 bits, `[ceil(rowCount / 64) · 64]`; minus infinity behind the last row.
  public var bias: [UInt16]
  /// Standard deviation of logit - score at |x|² = hidden, over the rows that matter.
  public var deviation: Float
  /// Directions of every row one by one, instead of codes; `bounds` is then 0 and their count.
  public var rows: SketchRows?

  public init(
    rowCount: Int, hidden: Int, mean: [Float], meanRow: [Float], basis: [UInt8], bounds: [Int],
    centroids: [Float], codes: [UInt8], bias: [UInt16], deviation: Float,
    rows: SketchRows? = nil
  ) {
    self.rowCount = rowCount
    self.hidden = hidden
    self.mean = mean
    self.meanRow = meanRow
    self.basis = basis
    self.bounds = bounds
    self.centroids = centroids
    self.codes = codes
    self.bias = bias
    self.deviation = deviation
    self.rows = rows
  }

  /// Rows whose codes lie together.
  public static let blockRows = 64
  /// More groups would overflow the kernel's 16-bit sums of bytes up to 127.
  public static let maximumGroups = 512

  /// Centroids by direction, 16 coordinates for each, as kernels look them up; none where rows are
  /// not codes.
  package var centroidLanes: [Float] {
    guard rows == nil else { return [] }
    var lanes = [Float](repeating: 0, count: centroids.count)
    for group in 0..<groups {
      let start = bounds[group]
      let width = bounds[group + 1] - start
      for code in 0..<16 {
        for axis in 0..<width {
          lanes[16 * (start + axis) + code] = centroids[16 * start + code * width + axis]
        }
      }
    }
    return lanes
  }

  /// Bytes of one row of the basis.
  public var basisRowBytes: Int { hidden / 32 * 34 }
  public var basisRows: Int { basis.count / basisRowBytes }
  public var groups: Int { bounds.count - 1 }
  public var pairs: Int { (groups + 1) / 2 }
  public var blocks: Int { (rowCount + Self.blockRows - 1) / Self.blockRows }
  /// Bytes that scoring all rows reads.
  public var byteCount: Int {
    codes.count + 2 * bias.count + basis.count + 4 * centroids.count + (rows?.bytes.count ?? 0)
  }

  /// Throws `.malformed`, naming `file` and the tensor, unless every part has the size that the
  /// others imply and every number is finite.
  public func validate(file: String, name: String = "head") throws(SparrowError) {
    func require(_ holds: Bool, _ part: String, _ found: Any, _ expected: Any)
      throws(SparrowError)
    {
      guard holds else {
        throw SparrowError(
          .malformed, file: file, field: part.isEmpty ? name : name + "." + part, found: "\(found)",
          expected: "\(expected)")
      }
    }
    try require(
      rowCount > 0 && hidden > 0 && hidden % 32 == 0, "", hidden, "a multiple of 32")
    try require(
      (1...Self.maximumGroups).contains(groups), "bounds", groups,
      "1 to \(Self.maximumGroups) groups")
    try require(
      bounds[0] == 0 && bounds[groups] <= hidden
        && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds", "a wrong order",
      "rising numbers from 0 to at most \(hidden)")
    try require(mean.count == hidden, "mean", mean.count, hidden)
    try require(meanRow.count == hidden, "mean_row", meanRow.count, hidden)
    try require(
      basis.count % basisRowBytes == 0
        && ((bounds[groups]...hidden).contains(basisRows)
          || (basis.isEmpty && rows != nil && bounds[groups] == hidden)),
      "basis",
      "\(basis.count) bytes", "\(bounds[groups]) to \(hidden) rows of \(basisRowBytes)")
    if let rows {
      try rows.validate(rowCount: rowCount, file: file, name: name)
      try require(
        bounds == [0, rows.directions] && centroids.isEmpty && codes.isEmpty, "bounds", bounds,
        "0 and \(rows.directions), without codes")
    } else {
      try require(
        centroids.count == 16 * bounds[groups], "centroids", centroids.count,
        16 * bounds[groups])
      try require(
        codes.count == blocks * pairs * Self.blockRows, "codes", codes.count,
        blocks * pairs * Self.blockRows)
    }
    try require(
      bias.count == blocks * Self.blockRows, "bias", bias.count, blocks * Self.blockRows)
    try require(
      deviation.isFinite && deviation > 0, "deviation", deviation, "a positive number")
    for (name, values) in [
      ("mean", mean), ("mean_row", meanRow), ("centroids", centroids),
    ] {
      try require(values.allSatisfy(\.isFinite), name, "a number that is not finite", "finite ones")
    }
  }
}
