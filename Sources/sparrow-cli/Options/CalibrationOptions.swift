import ArgumentParser
import Sparrow
import SparrowCalibration
import SparrowCore
import SparrowFormats
import SparrowHub
import SparrowSparsity

/// What every `sparrow calibrate` command takes, and how each of them runs.
struct CalibrationOptions: ParsableArguments {
  @OptionGroup var model: PathOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: "A text in UTF-8, .txt, .jsonl or - for standard input; may be given several times.",
    completion: .file())
  var text: [String] = []

  @Option(
    parsing: .unconditional, help: "The adapter's folder; an older adapter there is replaced.",
    completion: .directory)
  var output: String?

  @Option(
    parsing: .unconditional,
    help: "An adapter of this model to add to: what is not made anew is kept.",
    completion: .directory)
  var adapter: String?

  @Option(parsing: .unconditional, help: "Tokens of the text to run through the model.")
  var tokens = VocabularyCalibration.Options().tokens

  @Option(parsing: .unconditional, help: "The same seed gives the same adapter.")
  var seed = VocabularyCalibration.Options().seed

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Memory to stay within, as 2GB or in bytes. (default: four fifths of what is free)",
      discussion: "Less of it means more passes over the text, and the same adapter."),
    transform: MemorySize.bytes)
  var memory: Int?

  @OptionGroup var device: DeviceOptions

  @OptionGroup var threads: ThreadOptions

  @OptionGroup var printing: OutputOptions

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("no text to calibrate on: give --text") }
  }

  /// Throws wrong usage for what the request refuses whatever the model is.
  func validate(_ request: @autoclosure () throws -> Calibration.Request) throws {
    do {
      try request().validate()
    } catch let error as SparrowError {
      throw ValidationError("--" + error.description)
    }
  }

  /// Makes the adapter, writes it and prints what was measured.
  func run(_ request: Calibration.Request) throws {
    let path = try model.path()
    let folder = try output ?? ModelCache().adapterPath(forModel: path)
    try Adapter.check(place: folder)
    let words = try CalibrationText.read(text)
    let start = monotonicSeconds()
    let begun = try adapter.map { folder throws(SparrowError) in try read(folder) }
    var request = request
    request.memory = memory ?? MemoryAllowance.current().map { $0 / 5 * 4 }
    let model = try Model.loadAndWarn(
      path, options: LoadOptions(device: device.device, threads: threads.count))
    try tell(Calibration.memory(for: request, of: model).plan(within: request.memory), of: model)
    let bar = ProgressBar()
    defer { bar.clear() }
    var recording = RecordingFile(
      adapter: folder, modelHash: try Checkpoint.open(path).contentHash())
    recording.note = {
      bar.clear()
      Terminal.complain($0)
    }
    let made = try Calibration.run(
      request, of: model, on: words, addingTo: begun, recording: recording,
      progress: bar.progress())
    try made.adapter.write(to: folder)
    try recording.remove()
    bar.clear()
    let printed = CalibrationReport(
      folder: folder, adapter: made.adapter, measured: made.report,
      seconds: monotonicSeconds() - start)
    if printing.json { printing.print(printed.json) } else { Terminal.write(printed.text) }
  }

  /// Tells what the work will take, before it begins.
  private func tell(_ plan: (layersAtOnce: Int, peak: Int), of model: Model) {
    let layers = model.configuration.layers.count
    let passes = (layers + plan.layersAtOnce - 1) / plan.layersAtOnce
    let how = passes == 1 ? "" : ", \(plan.layersAtOnce) layers in each of \(passes) passes"
    Terminal.note("takes up to \(Quantity.bytes(plan.peak)) of memory\(how)\n")
  }

  /// An adapter of this model. Throws `.mismatch`, naming the folder, for another model's.
  func read(_ folder: String) throws(SparrowError) -> Adapter {
    let adapter = try Adapter.read(folder)
    try adapter.check(base: try Checkpoint.open(model.path()).contentHash(), name: folder)
    return adapter
  }
}
