import ArgumentParser
import Sparrow
import SparrowCore

/// What a synthetic model's step leaves out.
struct ShapeOptions: ParsableArguments {
  @Flag(help: "The model is a shape, such as opt-6.7b: random weights on a GPU.")
  var shape = false

  @Option(
    parsing: .unconditional, help: "How a shape's weights are stored: bf16, q8_0 or q4_0.",
    transform: word(of: "--format"))
  var format = ShapeQuestion.Format.bf16

  @Option(
    parsing: .unconditional, help: "Part of a shape's neurons that a sparse step touches.")
  var density: Double?

  @Option(parsing: .unconditional, help: "Part of a shape's heads that a sparse step touches.")
  var heads: Double?

  @Option(
    parsing: .unconditional,
    help: "What a shape's selections come from: lowRank, router, sketch or given.",
    transform: word(of: "--predictor"))
  var predictor = ShapeQuestion.Predictor.lowRank

  @Option(
    parsing: .unconditional,
    help: "How a shape's predictors are stored: bf16, q8_0 or q4_0; as its weights without.",
    transform: word(of: "--predictor-format"))
  var predictorFormat: ShapeQuestion.Format?

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

  @Flag(help: "Time a shape's network by density, inside a step and alone.")
  var gather = false

  @Flag(help: "Compare two layers of a shape with float64 first.")
  var check = false

  func validate() throws {
    let isPlain =
      density == nil && heads == nil && !check && !gather && format == .bf16
      && predictorFormat == nil
    guard shape || isPlain else {
      throw ValidationError(
        "--format, --density, --heads, --predictor-format, --gather, --check: "
          + "expected --shape beside them")
    }
    guard (1...100_000).contains(context) else {
      throw ValidationError("--context \(context): expected 1 to 100000")
    }
    guard heads == nil || density != nil else {
      throw ValidationError("--heads: expected --density beside it")
    }
  }

  /// Times the shape of this name, in steps of one row or in batches.
  func timing(
    of name: String, batches: [Int], on device: Device, repetitions: Int
  ) throws(SparrowError) -> ShapeTiming {
    var question = ShapeQuestion(shape: name)
    question.format = format
    question.context = context
    question.density = density
    question.heads = heads
    question.predictor = predictor
    question.predictorFormat = predictorFormat
    question.rank = rank
    question.group = group
    question.every = every
    question.hasSparseHead = sparseHead
    question.gathers = gather
    question.checks = check
    question.batches = batches
    question.repetitions = repetitions
    return try device.timing(of: question)
  }
}
