import SparrowCPU
import SparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// The one place that names a backend.
enum BackendChoice {
  /// Packs the model's weights for the device that runs it. Throws what packing throws, and
  /// `.unsupported` with what to install for a device that cannot be used here.
  static func make(
    _ binding: WeightBinding, on device: Device, pool: WorkerPool, rows: Int,
    plan: SparsePlan = .dense, keepsUnpaying: Bool = false,
    updates: WeightUpdates = WeightUpdates(), progress: Progress = .none
  ) throws(SparrowError) -> any Backend {
    switch device {
    case .cpu:
      try CPUEngine(
        binding, pool: pool, maximumRows: rows, plan: plan, updates: updates, progress: progress)
    case .cuda(let number):
      try CUDAEngine(
        binding, library: .open(number), pool: pool, maximumRows: rows, plan: plan,
        keepsUnpaying: keepsUnpaying, updates: updates)
    }
  }

  /// What a device is and does.
  static func findings(_ device: Device, models: [String], threads: Int) -> [DeviceFinding] {
    guard case .cuda(let number) = device else { return [] }
    return DeviceCheckup.run(number, models: models, threads: threads).map {
      DeviceFinding(name: $0.name, text: $0.text, isRight: $0.isRight)
    }
  }

  private static func stepFormat(_ format: ShapeQuestion.Format) -> StepFormat {
    switch format {
    case .bf16: .bf16
    case .q8_0: .q8_0
    case .q4_0: .q4_0
    }
  }

  /// How long a synthetic step takes on a device.
  static func timing(
    _ device: Device, of question: ShapeQuestion
  ) throws(SparrowError) -> ShapeTiming {
    guard case .cuda(let number) = device else {
      throw SparrowError(
        .argument, field: "--device", found: "\(device)", expected: "cuda:0 beside --shape")
    }
    guard question.batches.isEmpty else {
      guard question.format == .bf16 else {
        throw SparrowError(
          .argument, field: "--format", found: question.format.rawValue,
          expected: "bf16 beside --batch")
      }
      let result = try BatchBenchmark.run(
        question.shape, rank: question.rank, context: question.context, rows: question.batches,
        repetitions: question.repetitions, .open(number))
      return ShapeTiming(text: result.text, json: result.json)
    }
    let shape = try SyntheticShape.named(question.shape).stored(as: stepFormat(question.format))
    if question.gathers {
      let result = try GatherBenchmark.run(
        shape, context: question.context, repetitions: question.repetitions, .open(number))
      return ShapeTiming(text: result.text, json: result.json)
    }
    let predictor: SyntheticSparsity.Predictor =
      switch question.predictor {
      case .given: .given
      case .lowRank: .lowRank(question.rank)
      case .router: .router
      case .sketch: .sketch
      }
    let sparsity = try question.density.map { density throws(SparrowError) in
      try SyntheticSparsity(
        density: density, headDensity: question.heads, predictor: predictor,
        predictorFormat: question.predictorFormat.map(stepFormat), group: question.group,
        every: question.every, hasSparseHead: question.hasSparseHead, of: shape)
    }
    let result = try ShapeBenchmark.run(
      shape, sparsity, context: question.context, checks: question.checks,
      repetitions: question.repetitions, .open(number))
    return ShapeTiming(text: result.text, json: result.json)
  }
}
