import ArgumentParser
import SparrowCalibration

/// `sparrow calibrate inputs`: thresholds for the inputs of all matrices.
struct CalibrateInputsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inputs",
    abstract: "Leave small inputs of all matrices out (TEAL).",
    usage: "sparrow calibrate inputs [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow calibrate inputs m.gguf --target density=0.6 --text a.txt
      """)

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    parsing: .unconditional,
    help: "Part of each layer's weights that a token reads on average: density=0.5.")
  var target = "density=0.5"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How the density is shared out in a layer: greedy or uniform.",
      discussion: """
        greedy leaves out most where the layer's result loses least, so that as many bytes are \
        read; uniform the same part of every input.
        """),
    transform: word(of: "--allocation"))
  var allocation = InputCalibration.Options().allocation

  func validate() throws { try calibration.validate(try request()) }

  private func request() throws -> Calibration.Request {
    Calibration.Request(
      inputs: InputCalibration.Options(
        tokens: calibration.tokens,
        density: try PlanTarget(target).density(for: "inputs"), allocation: allocation))
  }

  func run() throws { try calibration.run(try request()) }
}
