public import Sparrow
public import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// Decoding speed of a sparse model against density and batch, its dense self in turn.
///
/// Every sparse layer keeps its predictor and selects another part of its groups than its plan says
/// (`SweepPlans`).
public struct DensitySweep: Sendable {
  public struct Options: Sendable {
    public var densities: [Float]
    /// Sequences that are decoded together.
    public var batches: [Int]
    /// Steps of one measurement.
    public var steps: Int
    public var repetitions: Int

    public init(
      densities: [Float] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], batches: [Int] = [1],
      steps: Int = 32, repetitions: Int = 5
    ) {
      self.densities = densities
      self.batches = batches
      self.steps = steps
      self.repetitions = repetitions
    }
  }

  /// One density and batch.
  public struct Point: Sendable {
    /// nil for the plan's own selectors.
    public var density: Float?
    public var batch: Int
    /// Steps that the sparse side takes for a token of each sequence, several where the batch is
    /// wider than the plan's steps. All times are of all of them.
    public var sparseSteps: Int
    /// Milliseconds a step of decoding: the whole step, with the head where the plan has a sparse
    /// one, and its feed-forward networks.
    public var step: PairedFigures
    public var feedForward: PairedFigures
    /// Of the sparse networks' quoted time, what goes into scores and into choosing.
    public var predict: Double
    public var select: Double
    /// Dense time over sparse time of the head, pair by pair; nil where the plan has none.
    public var headSpeedup: Figure?
    /// Bytes of the sparse layers' networks that a token read, and all of theirs.
    public var bytes: Int
    public var denseBytes: Int

    /// What the bytes alone would give.
    public var predictedSpeedup: Double {
      bytes > 0 ? Double(denseBytes) / Double(bytes) : 1
    }

    public var json: JSON {
      [
        "density": density.map { .number(Double($0)) } ?? .null, "batch": .integer(batch),
        "sparse_steps": .integer(sparseSteps), "step_milliseconds": step.sparse.json,
        "dense_step_milliseconds": step.dense.json,
        "feed_forward_milliseconds": feedForward.sparse.json,
        "dense_feed_forward_milliseconds": feedForward.dense.json,
        "predict_milliseconds": .number(predict), "select_milliseconds": .number(select),
        "step_speedup": step.speedup.json, "feed_forward_speedup": feedForward.speedup.json,
        "head_speedup": headSpeedup?.json ?? .null, "bytes": .integer(bytes),
        "dense_bytes": .integer(denseBytes),
        "predicted_speedup": .number(predictedSpeedup),
      ]
    }
  }

  public var points: [Point] = []

  public var json: JSON { .array(points.map(\.json)) }

  /// Measures the plan's own selectors at every batch, then all densities at batch 1.
  ///
  /// Densities are left out where the plan has no sparse feed-forward networks. Throws `.argument`
  /// for a dense model and for options outside what the model can run.
  public static func run(
    _ model: Model, options: Options = Options(), progress: Progress = .none
  ) throws(SparrowError) -> DensitySweep {
    guard model.isSparse else {
      throw SparrowError(
        .argument, file: model.path, field: "sweep", found: "a dense model",
        expected: "an adapter that makes it sparse (--adapter)")
    }
    try options.validate(model)
    let own = model.plan
    defer { model.backend.use(own) }
    let densities = own.networks.isEmpty ? [] : options.densities
    let cases: [(Float?, Int)] = options.batches.map { (nil, $0) } + densities.map { ($0, 1) }
    var result = DensitySweep()
    let others =
      densities.isEmpty
      ? nil : SweepPlans(model, try SweepRun(model, batch: 1, steps: options.steps))
    for (index, (density, batch)) in cases.enumerated() {
      model.backend.use(density.flatMap { others?.plan(density: $0) } ?? own)
      let run = try SweepRun(model, batch: batch, steps: options.steps)
      result.points.append(
        try run.measure(
          options, density: density, progress: progress.part(index, of: cases.count)))
    }
    return result
  }
}

extension DensitySweep.Options {
  /// Throws `.argument`, naming the option, for what this model cannot run.
  func validate(_ model: Model) throws(SparrowError) {
    for batch in batches {
      try SparrowError.require(batch, in: 1...model.backend.limits.rows, "batch")
    }
    try SparrowError.require(steps, in: 1...model.configuration.contextLength, "steps")
    try SparrowError.require(repetitions, in: 1...10_000, "repetitions")
    for density in densities { try SparrowError.require(density, in: 0...1, "density") }
  }
}

extension DensitySweep {
  /// A table: times a step, measured and predicted speed-up of the sparse layers' networks.
  public var text: String {
    var lines = [
      "density  batch  step ms  dense  times  ffn ms  dense  times  by bytes  predict  select"
    ]
    func fixed(_ value: Double, _ width: Int, _ digits: Int = 3) -> String {
      let text = Quantity.fixed(value, digits)
      return String(repeating: " ", count: max(1, width - text.count)) + text
    }
    for point in points {
      let density = point.density.map { Quantity.fixed(Double($0), 2) } ?? "plan"
      var line = density + String(repeating: " ", count: max(0, 7 - density.count))
      line += fixed(Double(point.batch), 7, 0)
      line += fixed(point.step.sparse.median, 9) + fixed(point.step.dense.median, 7)
      line += fixed(point.step.speedup.median, 7, 2)
      line += fixed(point.feedForward.sparse.median, 8)
      line += fixed(point.feedForward.dense.median, 7)
      line += fixed(point.feedForward.speedup.median, 7, 2)
      line += fixed(point.predictedSpeedup, 10, 2)
      line += fixed(point.predict, 9) + fixed(point.select, 8)
      if point.sparseSteps > 1 { line += "  in \(point.sparseSteps) sparse steps" }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
