import ArgumentParser
import FoundationEssentials
import Sparrow
import SparrowCalibration
import SparrowEvaluation

/// Makes a model's vocabulary head sparse by a text, and compares it with its dense self on
/// another: `swift run example-calibrate model.gguf Data/calibration.txt Data/heldout.txt adapter`.
@main
struct Calibrate: ParsableCommand {
  @Argument(help: "A GGUF file or a Hugging Face folder.")
  var path: String

  @Argument(help: "A text to calibrate by.")
  var text: String

  @Argument(help: "A text to compare on.")
  var heldOut: String

  @Argument(help: "The adapter's folder.")
  var adapter: String

  func run() throws {
    // With `networks` or `attention` more becomes sparse, and takes longer.
    let request = Calibration.Request(head: VocabularyCalibration.Options(tokens: 30_000))
    let progress = Progress { report in
      print(report.label, "\(Int(100 * report.fraction)) %")
      return true  // false stops
    }
    let dense = try Model.load(path)
    let (made, _) = try Calibration.run(
      request, of: dense, on: try read(text), progress: progress)
    try made.write(to: adapter)

    let model = try Model.load(path, options: LoadOptions(adapter: adapter))
    let fidelity = try Fidelity.measure(
      model, text: try read(heldOut), context: min(512, model.configuration.contextLength),
      windows: 4)
    print("reads a token: \(model.bytesPerToken) bytes, dense \(dense.bytesPerToken)")
    print("perplexity, times dense: \(fidelity.ratio)")
    print("same token: \(100 * fidelity.headSameTop.mean) %")
  }

  private func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }
}
