public import Sparrow
public import SparrowCore
internal import SparrowEngine
internal import SparrowFormats
public import SparrowSparsity
internal import SparrowTransformer

/// Makes a model sparse: from what is asked for and a text to an adapter, with what was measured.
public enum Calibration {
  /// Makes the parts that are asked for and adds them to `adapter`, or to one without parts; what
  /// is not made anew is kept. The model, which is dense, is dense again afterwards.
  ///
  /// With a `recording` layers go on where it stopped; it is the caller's to remove. Throws
  /// `.argument` for what `Request.validate` refuses, a text of fewer than two windows, memory that
  /// is too little and a target that no plan reaches, `.mismatch` for another model's adapter,
  /// `.unsupported` for a part that the model cannot have, `.cancelled`. Each part costs a pass
  /// over the text, or as many as memory asks for (`memory`); layers cost some 800 decoded tokens
  /// each, and 1,600 for each step of a search for a perplexity.
  public static func run(
    _ request: Request, of model: Model, on text: String, addingTo adapter: Adapter? = nil,
    recording: RecordingFile? = nil, progress: Progress = .none
  ) throws(SparrowError) -> (adapter: Adapter, report: Report) {
    var made = try start(adapter, model)
    try request.validate(for: model, besides: made.plan)
    let memory = try memory(for: request, of: model).plan(within: request.memory)
    var report = Report(model)
    var parts = request.parts(progress)[...]
    if let options = request.head {
      let part = parts.removeFirst()
      let (head, measured) = try VocabularyCalibration.fit(
        model: model, text: text, options: options, progress: part)
      made.plan.head = head
      report.head = measured
      if let otherText = request.otherText {
        report.otherText = try VocabularyCalibration.measure(
          head, model: model, text: otherText, progress: part.part(1..<1))
      }
    }
    if let options = request.inputs {
      let fitted = try InputCalibration.fit(
        model: model, text: text, options: options, progress: parts.removeFirst())
      made.plan.inputs = fitted.inputs
      // Each row of a batch keeps inputs of its own, and reads their columns again.
      made.plan.widestBatch = 1
      report.inputs = fitted.reports
    }
    guard request.networks != nil || request.attention != nil else { return (made, report) }
    let layers = try LayerCalibration(
      model, text: text, networks: request.networks?.settled(for: model.configuration),
      attention: request.attention)
    let choice = try layers.choose(
      layersAtOnce: memory.layersAtOnce, recording: recording, progress: parts.removeFirst())
    if let networks = choice.networks {
      made.plan.networks = networks.layers
      made.plan.widestBatch = max(1, networks.widestBatch)
    }
    if let attention = choice.attention { made.plan.attention = attention.layers }
    report.networks = choice.networks
    report.attention = choice.attention
    return (made, report)
  }

  /// What a request takes of memory.
  public static func memory(for request: Request, of model: Model) -> CalibrationMemory {
    let weights = model.backend.weights
    let bytes = model.binding.roles.reduce(0) { $0 + (weights.byteCount(of: $1) ?? 0) }
    return CalibrationMemory(model.configuration, weightBytes: bytes, request)
  }

  /// What is added to.
  private static func start(
    _ adapter: Adapter?, _ model: Model
  ) throws(SparrowError) -> Adapter {
    let checkpoint = model.binding.checkpoint
    guard let adapter else { return Adapter(for: checkpoint) }
    try adapter.check(base: checkpoint.contentHash(), name: adapter.baseName)
    guard adapter.updates.isEmpty else {
      throw SparrowError(
        .unsupported, file: adapter.baseName, field: "updates", found: "changed weights",
        expected: "an adapter that leaves weights as they are")
    }
    return adapter
  }
}
