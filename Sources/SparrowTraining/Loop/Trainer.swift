#if Training
  package import SparrowCore
  package import SparrowTransformer

  /// Runs stages of training over batches of text, with checkpoints, metrics and a clean stop.
  package final class Trainer {
    package struct Options: Sendable {
      /// Batches whose gradients are summed for a step.
      package var accumulation = 1
      /// Steps between lines of metrics, measures of the held-out loss, and checkpoints.
      package var reportEvery = 10
      package var evaluateEvery = 250
      package var saveEvery = 500
      /// Held-out batches that a measure reads.
      package var heldOutBatches = 8
      /// Layers are computed again in the backward pass.
      package var isCheckpointed = false
      package var type = TensorType.float32
      package var optimizer = AdamW()

      package init() {}
    }

    /// Where the gradients of several processes meet.
    package var group: (rank: Int, size: Int) = (0, 1)

    private let configuration: ModelConfiguration
    private let options: Options
    private let stages: [TrainingStage]
    private let teacher: (configuration: ModelConfiguration, parameters: Parameters)?
    private let folder: CheckpointFolder
    /// What identifies the run: a checkpoint of another is refused.
    private let run: JSON
    private var reader: BatchReader
    private let heldOut: TokenRows?
    private var state: TrainingState
    private var started: Double = 0

    /// `parameters` are all of the model's, new ones included; `teacher` is its dense self, which has activations of
    /// its own.
    package init(
      _ configuration: ModelConfiguration, _ parameters: Parameters, stages: [TrainingStage],
      reader: BatchReader, heldOut: TokenRows?,
      teacher: (configuration: ModelConfiguration, parameters: Parameters)?,
      folder: CheckpointFolder, run: JSON, options: Options
    ) throws(SparrowError) {
      precondition(!stages.isEmpty, "training without a stage")
      self.configuration = configuration
      self.options = options
      self.stages = stages
      self.teacher = teacher
      self.folder = folder
      self.run = run
      self.reader = reader
      self.heldOut = heldOut
      if let latest = folder.latest {
        state = try TrainingState(
          folder: latest.path, run: run, controllers: stages.map(\.pressure.controller))
        self.reader = try BatchReader(
          reader.rows, batch: reader.batch, seed: reader.seed, rank: reader.rank,
          of: reader.ranks, from: state.position)
      } else {
        state = TrainingState(
          parameters: parameters, first: Parameters(), second: Parameters(),
          resting: Parameters())
        begin(stage: 0)
      }
      // What a compiled function captures must have its values.
      if let teacher { try Tensor.evaluate(teacher.parameters.tensors) }
    }

    /// Steps that a checkpoint has given.
    package var stepsDone: Int { state.step }
    package var stepsInAll: Int { stages.reduce(0) { $0 + $1.steps } }

    private func begin(stage: Int) {
      let all = state.resting.merged(with: state.parameters)
      state.parameters = all.filtered(stages[stage].learns)
      state.resting = all.filtered { !stages[stage].learns($0) }
      (state.first, state.second) = options.optimizer.start(state.parameters)
      state.stage = stage
      state.stageStep = 0
      state.controller = stages[stage].pressure.controller
    }

    /// Trains to the end, or until `shouldStop`: then the state is saved and `.cancelled` thrown.
    ///
    /// Gives all parameters. `report` gets every line of metrics. Throws `.system` where a checkpoint cannot be
    /// written and `.argument` when the loss is no number any more; the last checkpoint then holds what was
    /// right.
    package func train(
      report: (TrainingStep, String) throws(SparrowError) -> Void,
      shouldStop: () -> Bool = { false }
    ) throws(SparrowError) -> Parameters {
      while true {
        try train(stages[state.stage], report, shouldStop)
        guard state.stage + 1 < stages.count else { break }
        begin(stage: state.stage + 1)
      }
      try save()
      return state.resting.merged(with: state.parameters)
    }

    private func train(
      _ stage: TrainingStage, _ report: (TrainingStep, String) throws(SparrowError) -> Void,
      _ shouldStop: () -> Bool
    ) throws(SparrowError) {
      let functions = try functions(stage)
      started = monotonicSeconds()
      var tokens = 0
      while state.stageStep < stage.steps {
        let rate = stage.rate(state.stageStep)
        let pressure = stage.pressure.value(state.stageStep, state.controller)
        let (parts, norm) = try step(functions, rate: rate, pressure: pressure, &tokens)
        state.stageStep += 1
        state.step += 1
        state.position = reader.position
        let isLast = state.stageStep == stage.steps
        if state.step % options.reportEvery == 0 || isLast {
          let line = try measure(
            parts, norm, rate: rate, pressure: pressure, tokens: tokens, functions)
          (started, tokens) = (monotonicSeconds(), 0)
          try report(line, stage.name)
        }
        if shouldStop() {
          try save()
          throw SparrowError(
            .cancelled, file: folder.path, found: "stopped after step \(state.step)",
            expected: "the same command again to go on")
        }
        if state.step % options.saveEvery == 0, !isLast { try save() }
      }
    }

    private func functions(_ stage: TrainingStage) throws(SparrowError) -> StepFunctions {
      try Tensor.evaluate(state.resting.tensors)
      var model = SparseTransformer(configuration, networks: stage.networks, type: options.type)
      model.isCheckpointed = options.isCheckpointed
      let dense = teacher.map { teacher in
        (SparseTransformer(teacher.configuration, type: options.type), teacher.parameters)
      }
      return StepFunctions(
        model: model, objective: stage.objective, names: state.parameters.names,
        frozen: state.resting, teacher: dense, optimizer: options.optimizer)
    }

    /// Starts one step; its values are there when they are read.
    private func step(
      _ functions: StepFunctions, rate: Double, pressure: Double, _ tokens: inout Int
    ) throws(SparrowError) -> (parts: [Tensor], norm: Tensor) {
      var sums: [Tensor] = []
      var parts: [Tensor] = []
      for _ in 0..<options.accumulation {
        let batch = try reader.next()
        tokens += batch.count * batch.length * group.size
        let (own, gradients) = functions.gradients(
          state.parameters, Objective.Batch(batch), pressure: Float(pressure))
        parts = parts.isEmpty ? own : zip(parts, own).map { $0 + $1 }
        sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
      }
      let share = 1 / Float(options.accumulation * group.size)
      if group.size > 1 {
        sums = sums.map(TensorGroup.sum)
        parts = parts.map(TensorGroup.sum)
      }
      if share != 1 {
        sums = sums.map { $0 * share }
        parts = parts.map { $0 * share }
      }
      guard !sums.isEmpty, let norm = functions.step(&state, gradients: sums, rate: rate) else {
        try Tensor.evaluate([])
        throw SparrowError(.system, field: "MLX", found: "a step that gives nothing")
      }
      try Tensor.start(
        state.parameters.tensors + state.first.tensors + state.second.tensors + parts + [norm])
      return (parts, norm)
    }

    /// Reads a step's values, steers the density, and measures the held-out loss where it is due.
    private func measure(
      _ parts: [Tensor], _ norm: Tensor, rate: Double, pressure: Double, tokens: Int,
      _ functions: StepFunctions
    ) throws(SparrowError) -> TrainingStep {
      var values: [Double] = []
      for part in parts { values.append(Double(try part.value())) }
      let length = Double(try norm.value())
      guard values[0].isFinite, length.isFinite else {
        let safe = folder.latest.map { "; step \($0.step) is saved" } ?? ""
        throw SparrowError(
          .argument, field: "loss", found: "\(values[0]) at step \(state.step)",
          expected: "a number: try a lower learning rate" + safe)
      }
      let selects = stages[state.stage].networks.contains { $0.hasRouter }
      for _ in 0..<options.reportEvery where state.controller != nil {
        state.controller?.update(density: values[6])
      }
      let seconds = monotonicSeconds() - started
      var line = TrainingStep(
        step: state.step, loss: values[0], density: values[6] > 0 ? values[6] : nil,
        eta: pressure > 0 ? pressure : nil, learningRate: rate, gradientNorm: length,
        tokensPerSecond: Double(tokens) / max(seconds, 1e-9))
      line.parts = [("task", values[1]), ("divergence", values[2])].filter { $0.1 != 0 }.map {
        TrainingStep.Part(name: $0.0, value: $0.1)
      }
      if selects { line.parts.append(TrainingStep.Part(name: "efficiency", value: values[3])) }
      let isDue =
        state.step % options.evaluateEvery == 0
        || state.stageStep == stages[state.stage].steps
      if isDue, let heldOut {
        let (loss, density) = try heldOutLoss(heldOut, functions)
        line.heldOutLoss = loss
        if density > 0 {
          line.parts.append(TrainingStep.Part(name: "held_out_density", value: density))
        }
      }
      return line
    }

    /// The cross-entropy and the density of held-out rows, by the stage's own networks.
    private func heldOutLoss(
      _ rows: TokenRows, _ functions: StepFunctions
    ) throws(SparrowError) -> (loss: Double, density: Double) {
      var sums = (loss: 0.0, density: 0.0)
      let batches = max(1, min(options.heldOutBatches, rows.count / reader.batch))
      for index in 0..<batches {
        let first = index * reader.batch
        let batch = try rows.batch(first..<min(first + reader.batch, rows.count))
        let parts = functions.losses(state.parameters, Objective.Batch(batch), pressure: 0)
        guard parts.count > 6 else { break }
        sums.loss += Double(try parts[1].value())
        sums.density += Double(try parts[6].value())
      }
      return (sums.loss / Double(batches), sums.density / Double(batches))
    }

    private func save() throws(SparrowError) {
      guard group.rank == 0 else { return }
      try folder.save(step: state.step) { path throws(SparrowError) in
        try state.write(to: path, run: run)
      }
    }
  }

  extension Objective.Batch {
    init(_ batch: TokenBatch) {
      let tokens = Tensor(integers: batch.tokens, shape: [batch.count, batch.length + 1])
      self.init(
        tokens: tokens.slice(1, 0..<batch.length), targets: tokens.slice(1, 1..<batch.length + 1),
        mask: Tensor(batch.mask.map { $0 ? 1 : 0 }, shape: [batch.count, batch.length]))
    }
  }

  extension Pressure {
    var controller: DensityController? {
      if case .controlled(let controller) = self { controller } else { nil }
    }

    func value(_ step: Int, _ controller: DensityController?) -> Double {
      switch self {
      case .constant(let value): value
      case .controlled: controller?.eta ?? 0
      case .rising(let peak, let over):
        peak * sine(.pi / 2 * min(1, Double(step) / Double(max(1, over))))
      }
    }
  }
#endif
