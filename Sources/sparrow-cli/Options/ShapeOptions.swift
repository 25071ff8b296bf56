import ArgumentParser
import SparrowCUDA
import SparrowCore

/// What a synthetic model's step leaves out.
struct ShapeOptions: ParsableArguments {
  @Flag(help: "The model is a shape, such as opt-6.7b: random weights on a GPU.")
  var shape = false

  @Option(
    parsing: .unconditional, help: "Part of a shape's neurons that a sparse step touches.")
  var density: Double?

  @Option(parsing: .unconditional, help: "Part of a shape's heads that a sparse step touches.")
  var heads: Double?

  @Option(help: "What a shape's selections come from: lowRank, router, sketch or given.")
  var predictor = PredictorKind.lowRank

  @Option(parsing: .unconditional, help: "Rank of a shape's predictors.")
  var rank = 1024

  @Option(parsing: .unconditional, help: "Neurons of a shape that are selected together.")
  var group = 1

  @Option(parsing: .unconditional, help: "Networks of every so many layers of a shape are sparse.")
  var every = 1

  @Flag(help: "Find a shape's best tokens by a sketch of its head.")
  var sparseHead = false

  @Option(parsing: .unconditional, help: "Tokens before the one that a shape decodes.")
  var context = 512

  @Flag(help: "Compare two layers of a shape with float64 first.")
  var check = false

  enum PredictorKind: String, ExpressibleByArgument, CaseIterable { case lowRank, router, sketch, given }

  func validate() throws {
    guard shape || (density == nil && heads == nil && !check) else {
      throw ValidationError("--density, --heads, --check: expected --shape beside them")
    }
    guard (1...100_000).contains(context) else {
      throw ValidationError("--context \(context): expected 1 to 100000")
    }
    guard heads == nil || density != nil else {
      throw ValidationError("--heads: expected --density beside it")
    }
  }

  /// Measures the shape of this name.
  func run(_ name: String, repetitions: Int) throws(SparrowError) -> ShapeBenchmark {
    let shape = try SyntheticShape.named(name)
    let sparsity = try density.map { density throws(SparrowError) in
      try SyntheticSparsity(
        density: density, headDensity: heads, predictor: kind, group: group, every: every,
        hasSparseHead: sparseHead, of: shape)
    }
    return try ShapeBenchmark.run(
      shape, sparsity, context: context, checks: check, repetitions: repetitions, .open(0))
  }

  private var kind: SyntheticSparsity.Predictor {
    switch predictor {
    case .lowRank: .lowRank(rank)
    case .router: .router
    case .sketch: .sketch
    case .given: .given
    }
  }
}
