import ArgumentParser
import SparrowCalibration

/// `sparrow calibrate attention`: head groups, by linear maps.
struct CalibrateAttentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Make attention sparse: a token touches the head groups that a map picks.",
    usage: "sparrow calibrate attention [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow calibrate attention m.gguf --density 0.5 --text a.txt

      A head group is the query heads of one key/value head, or one head (Deja Vu). Layers that \
      change the model least come first.
      """)

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    parsing: .unconditional,
    help: "Part of its head groups that a layer with sparse attention touches for a token.")
  var density = AttentionCalibration.Options().density

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Which layers become sparse: perplexity=1.02 or density=0.8.",
      discussion: """
        As many as stay within that many times the dense perplexity, if they pay, or as few as \
        reach that mean density.
        """))
  var target = "perplexity=1.02"

  @Option(
    parsing: .unconditional, help: "Directions of low-rank maps; 0 is one map of full rank.")
  var rank = AttentionCalibration.Options().rank

  @Flag(help: "Let maps read the input of the layer before.")
  var lookahead = false

  func validate() throws { try calibration.validate(try request()) }

  private func request() throws -> Calibration.Request {
    var options = AttentionCalibration.Options()
    options.tokens = calibration.tokens
    options.density = density
    options.target = try PlanTarget(target)
    options.rank = rank
    options.lookahead = lookahead
    return Calibration.Request(attention: options)
  }

  func run() throws { try calibration.run(try request()) }
}
