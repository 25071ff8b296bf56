public import SparrowCore

/// A sketch of the vocabulary head: HiRE's cheap copy of the weights (arXiv 2402.09360, algorithm 1).
///
/// Either product-quantised, made of 4-bit codes that byte shuffles look up, or one of the paper's own three
/// (`rows`): int4, low rank, low rank in int4. Product quantisation is the best of them at equal bytes.
///
/// With W' = W - meanRow and x = basis · (h - mean), where the basis makes recorded hidden states white and
/// orders directions by what they contribute to logits, W'(h - mean) = U x. The columns of U are cut into
/// groups; each row keeps, for each group, the number of the nearest of 16 centroids. A row's score is
///
///     score(i) = bias(i) + sum over groups g of x_g · centroid(g, code(i, g))  ≈  logit(i) - meanRow · h
///
/// Bytes read per token: groups / 2 + 2 a row, where the row itself has 17/16 · hidden in Q8_0. With `rows`
/// the sum is the product of a row's stored directions with x.
public struct HeadSketch: Sendable, Equatable {
  /// Rows of the head.
  public var vocabulary: Int
  /// Columns of the head.
  public var hidden: Int
  /// Mean of recorded hidden states, `[hidden]`.
  public var mean: [Float]
  /// Mean row of the head, `[hidden]`.
  public var meanRow: [Float]
  /// `[hidden, hidden]` as Q8_0 blocks of GGUF (34 bytes for 32 weights), rows in order of weight.
  public var basis: [UInt8]
  /// Directions of each group: starts, then the end of the last, `[groups + 1]`.
  public var bounds: [Int]
  /// 16 centroids of each group one after another, `[16 · bounds.last]`: group g's centroid c at
  /// `16 · bounds[g] + c · width(g)`.
  public var centroids: [Float]
  /// `[ceil(vocabulary / 64)][ceil(groups / 2)][64]`: byte j holds row 64 b + j's code of group 2p in its
  /// low and of group 2p + 1 in its high half.
  public var codes: [UInt8]
  /// float16 bits, `[ceil(vocabulary / 64) · 64]`; minus infinity behind the last row.
  public var bias: [UInt16]
  /// Standard deviation of logit - score at |x|² = hidden, over the rows that matter.
  public var deviation: Float
  /// Directions of every row one by one, instead of codes; `bounds` is then 0 and their count.
  public var rows: SketchRows?

  public init(
    vocabulary: Int, hidden: Int, mean: [Float], meanRow: [Float], basis: [UInt8], bounds: [Int],
    centroids: [Float], codes: [UInt8], bias: [UInt16], deviation: Float,
    rows: SketchRows? = nil
  ) {
    self.vocabulary = vocabulary
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

  public var groups: Int { bounds.count - 1 }
  public var pairs: Int { (groups + 1) / 2 }
  public var blocks: Int { (vocabulary + Self.blockRows - 1) / Self.blockRows }
  /// Bytes that scoring all rows reads.
  public var byteCount: Int {
    codes.count + 2 * bias.count + basis.count + 4 * centroids.count + (rows?.bytes.count ?? 0)
  }

  /// Throws `.malformed`, naming `file` and the tensor, unless every part has the size that the others
  /// imply and every number is finite.
  public func validate(file: String) throws(SparrowError) {
    func require(_ holds: Bool, _ field: String, _ found: Any, _ expected: Any)
      throws(SparrowError)
    {
      guard holds else {
        throw SparrowError(
          .malformed, file: file, field: field, found: "\(found)", expected: "\(expected)")
      }
    }
    try require(
      vocabulary > 0 && hidden > 0 && hidden % 32 == 0, "head", hidden, "a multiple of 32")
    try require(
      (1...Self.maximumGroups).contains(groups), "head.bounds", groups,
      "1 to \(Self.maximumGroups) groups")
    try require(
      bounds[0] == 0 && bounds[groups] <= hidden
        && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "head.bounds", "a wrong order",
      "rising numbers from 0 to at most \(hidden)")
    try require(mean.count == hidden, "head.mean", mean.count, hidden)
    try require(meanRow.count == hidden, "head.mean_row", meanRow.count, hidden)
    try require(
      basis.count == hidden * (hidden / 32 * 34), "head.basis", basis.count,
      hidden * (hidden / 32 * 34))
    if let rows {
      try rows.validate(vocabulary: vocabulary, file: file)
      try require(
        bounds == [0, rows.directions] && centroids.isEmpty && codes.isEmpty, "head.bounds", bounds,
        "0 and \(rows.directions), without codes")
    } else {
      try require(
        centroids.count == 16 * bounds[groups], "head.centroids", centroids.count,
        16 * bounds[groups])
      try require(
        codes.count == blocks * pairs * Self.blockRows, "head.codes", codes.count,
        blocks * pairs * Self.blockRows)
    }
    try require(
      bias.count == blocks * Self.blockRows, "head.bias", bias.count, blocks * Self.blockRows)
    try require(
      deviation.isFinite && deviation > 0, "head.deviation", deviation, "a positive number")
    for (name, values) in [
      ("head.mean", mean), ("head.mean_row", meanRow), ("head.centroids", centroids),
    ] {
      try require(values.allSatisfy(\.isFinite), name, "a number that is not finite", "finite ones")
    }
  }
}
