internal import Sparrow
public import SparrowCore
internal import SparrowEngine
internal import SparrowMeasure
public import SparrowSparsity

extension VocabularyCalibration {
  /// How a sketch is fitted.
  public struct Options: Sendable, Equatable {
    /// Tokens of the text whose hidden states are recorded, at most.
    public var tokens: Int
    /// How the sketch keeps rows.
    public var coding: SketchCoding
    /// Groups of directions, half a byte of each row's code each; for product quantisation.
    public var codes: Int
    /// Directions of the low-rank codings, a multiple of 32; 0 for a quarter of the width, as in
    /// the paper.
    public var rank: Int
    /// k' of the plan.
    public var candidates: Int
    /// k of the plan: exact logits that recall is measured on.
    public var kept: Int
    /// The plan's doubt, in deviations.
    public var doubt: Float
    /// The same seed, threads and text give the same adapter.
    public var seed: UInt64
    /// Tokens of one window of text.
    public var window: Int

    public init(
      tokens: Int = 30_000, coding: SketchCoding = .product, codes: Int = 160, rank: Int = 0,
      candidates: Int = 256, kept: Int = 32, doubt: Float = 3, seed: UInt64 = 1, window: Int = 512
    ) {
      self.tokens = tokens
      self.coding = coding
      self.codes = codes
      self.rank = rank
      self.candidates = candidates
      self.kept = kept
      self.doubt = doubt
      self.seed = seed
      self.window = window
    }

    /// Throws `.argument`, naming the option, for a number outside its range.
    public func validate() throws(SparrowError) {
      try SparrowError.require(tokens, in: 64...100_000_000, "tokens")
      try SparrowError.require(codes, in: 1...512, "codes")
      try SparrowError.require(rank, in: 0...65536, "rank")
      guard rank % 32 == 0 else {
        throw SparrowError(
          .argument, field: "rank", found: "\(rank)", expected: "a multiple of 32")
      }
      try SparrowError.require(kept, in: 1...1024, "kept")
      try SparrowError.require(candidates, in: kept...65536, "candidates")
      try SparrowError.require(window, in: 32...65536, "window")
      guard doubt.isFinite, doubt >= 0 else {
        throw SparrowError(.argument, field: "doubt", found: "\(doubt)", expected: "0 or more")
      }
    }
  }
}

extension VocabularyCalibration {
  /// The widest batch for which the sketch is clearly faster than dense products of all rows, at
  /// least 1: a single row's dense head reads the most for what it computes. Measured times scatter
  /// by some per cent, so a tenth is asked for. The model's head is dense again afterwards.
  static func widestBatch(
    _ head: SketchedVocabulary, _ model: Model, progress: Progress
  ) throws(SparrowError) -> Int {
    try model.install(SparsePlan(head: head))
    defer { try? model.install(.dense) }
    let limit = min(model.backend.limits.sparseSequences, model.backend.limits.rows)
    let sweep = try DensitySweep.run(
      model,
      options: .init(
        densities: [], batches: [1, 2, 4, 8, 16].filter { $0 <= limit },
        steps: min(8, model.configuration.contextLength), repetitions: 7),
      progress: progress)
    return sweep.points.prefix { ($0.headSpeedup?.median ?? 0) >= 1.1 }.last?.batch ?? 1
  }
}
