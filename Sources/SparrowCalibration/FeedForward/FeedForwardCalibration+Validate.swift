internal import SparrowBlocks
public import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

extension FeedForwardCalibration.Options {
  /// Throws `.argument`, naming the option, for a number outside its range.
  public func validate() throws(SparrowError) {
    try SparrowError.require(tokens, in: 64...100_000_000, "tokens")
    try SparrowError.require(window, in: 32...65536, "window")
    try SparrowError.require(codes, in: 1...RowSketch.maximumGroups, "codes")
    try SparrowError.require(rank, in: 0...65536, "rank")
    try SparrowError.require(recall, in: 0...1, "recall")
    try SparrowError.require(density, in: 0...1, "density")
    func require(
      _ holds: Bool, _ field: String, _ found: Any, _ expected: String
    ) throws(SparrowError) {
      guard holds else {
        throw SparrowError(.argument, field: field, found: "\(found)", expected: expected)
      }
    }
    try require(
      Selection.groupSizes.contains(groupSize), "groups", groupSize, "1, 4, 8, 16 or 32")
    try require(
      method != .sketch || rank % 32 == 0, "rank", rank, "a multiple of 32 for a sketch")
    try require(
      keptRest == .nothing || (method == .sketch && !lookahead), "rest", keptRest.rawValue,
      "nothing, or what a sketch says that does not look ahead")
    try require(
      rest != .sketch || rowCoding.keepsColumns, "rest", "sketch in \(rowCoding.rawValue)",
      "a sketch in int4 or int5")
    try require(
      [.f16, .q8_0, .q4_0].contains(mapType), "maps", mapType.rawValue, "f16, q8_0 or q4_0")
    switch layers {
    case .target(let target): try target.validate()
    case .all: break
    case .learnt(_, let candidatesPerK):
      try require(method == .sketch, "like", method.rawValue, "the method sketch")
      try require(keptRest == .nothing, "rest", keptRest.rawValue, "nothing, as was learnt")
      try require(
        candidatesPerK >= 1 && candidatesPerK.isFinite, "candidates-per-k", candidatesPerK,
        "1 or more")
    }
  }

  /// Throws `.argument` too where a network of the model does not divide into groups.
  func validate(_ model: ModelConfiguration) throws(SparrowError) {
    try validate()
    for layer in model.layers where layer.feedForward.width % groupSize != 0 {
      throw SparrowError(
        .argument, field: "groups", found: "\(groupSize)",
        expected: "a divisor of \(layer.feedForward.width) neurons")
    }
  }
}
