import ArgumentParser
import SparrowCalibration
import SparrowCore

/// How `calibrate` makes attention sparse.
struct AttentionOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Make attention sparse: a layer touches the head groups that a linear map picks.",
      discussion: "A head group is the query heads of one key/value head, or one head (Deja Vu)."))
  var attention = false

  @Option(
    parsing: .unconditional,
    help: "Part of its head groups that a layer with sparse attention touches for a token.")
  var attentionDensity = AttentionCalibration.Options().density

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Which layers' attention becomes sparse: perplexity=1.02 or density=0.8.",
      discussion: """
        As many layers as stay within that many times the dense perplexity, if they pay, or as few as reach that mean density. Layers that change the model least come first.
        """))
  var attentionTarget = "perplexity=1.02"

  @Option(
    parsing: .unconditional,
    help: "Directions of the heads' low-rank maps; 0 is one map of full rank.")
  var attentionRank = 0

  func validate() throws {
    guard attentionDensity > 0, attentionDensity < 1 else {
      throw ValidationError("--attention-density \(attentionDensity): expected between 0 and 1")
    }
    guard attentionRank >= 0 else {
      throw ValidationError("--attention-rank \(attentionRank): expected 0 or more")
    }
    do {
      _ = try PlanTarget(attentionTarget)
    } catch {
      throw ValidationError("--attention-" + error.description)
    }
  }

  /// nil without `--attention`.
  func options(
    lookahead: Bool
  ) throws(SparrowError) -> (options: AttentionCalibration.Options, target: PlanTarget)? {
    guard attention else { return nil }
    var options = AttentionCalibration.Options()
    options.density = attentionDensity
    options.rank = attentionRank
    options.lookahead = lookahead
    return (options, try PlanTarget(attentionTarget))
  }
}
