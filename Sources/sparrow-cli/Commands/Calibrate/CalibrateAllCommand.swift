import ArgumentParser
import SparrowCalibration

/// `sparrow calibrate all`: what pays in most models, the head and networks.
struct CalibrateAllCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all",
    abstract: "Make the head and networks sparse, as far as that pays.",
    usage: "sparrow calibrate all [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow calibrate all m.gguf --target perplexity=1.03 --text a.txt --text b.jsonl

      The head's and the networks' own commands have more options; --adapter adds one to the other.
      """)

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    parsing: .unconditional,
    help: "What networks' densities are chosen for: perplexity=1.03 or density=0.5.")
  var target = "perplexity=1.03"

  func validate() throws { try calibration.validate(try request()) }

  private func request() throws -> Calibration.Request {
    var networks = FeedForwardCalibration.Options()
    networks.tokens = calibration.tokens
    networks.seed = calibration.seed
    networks.layers = .target(try PlanTarget(target))
    let head = VocabularyCalibration.Options(tokens: calibration.tokens, seed: calibration.seed)
    return Calibration.Request(head: head, networks: networks)
  }

  func run() throws { try calibration.run(try request()) }
}
