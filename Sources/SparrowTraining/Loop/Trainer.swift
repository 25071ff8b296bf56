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

    let configuration: ModelConfiguration
    let options: Options
    let stages: [TrainingStage]
    private let teacher: (configuration: ModelConfiguration, parameters: Parameters)?
    let folder: CheckpointFolder
    /// What identifies the run: a checkpoint of another is refused.
    private let run: JSON
    private(set) var reader: BatchReader
    let heldOut: TokenRows?
    var state: TrainingState
    /// What decoding touches of held-out rows, once a stage has settled it.
    package var heldOutDensity: Double?

    /// `parameters` are all of the model's, new ones included; `teacher` is its dense self, which
    /// has activations of its own. Where the reader has several ranks, as many processes train
    /// together (`TensorGroup`): all begin at the same checkpoint or the first one's parameters,
    /// and the first writes.
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
          folder: latest.path, run: run, stages: stages, parameters: parameters)
        self.reader = try BatchReader(
          reader.rows, batch: reader.batch, seed: reader.seed, rank: reader.rank,
          of: reader.ranks, from: state.position)
      } else {
        // What was grouped on another processor may differ.
        let own = reader.ranks > 1 ? parameters.mapped { TensorGroup.first($1) } : parameters
        state = TrainingState(
          parameters: own, first: Parameters(), second: Parameters(),
          resting: Parameters())
        begin(stage: 0)
      }
      let agrees = reader.ranks > 1 ? try TensorGroup.agrees(on: state.step) : true
      guard agrees else {
        throw SparrowError(
          .mismatch, file: folder.path, found: "step \(state.step)",
          expected: "the same checkpoint in all processes: a folder that they share")
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
      state.lastDensity = nil
      state.controller = stages[stage].pressure.controller
    }

    /// Trains to the end, or until `shouldStop`: then the state is saved and `.cancelled` thrown.
    ///
    /// Gives all parameters. `report` gets every line of metrics. Throws `.system` where a
    /// checkpoint cannot be written and `.argument` when the loss is no number any more; the last
    /// checkpoint then holds what was right.
    package func train(
      report: (TrainingStep, String) throws(SparrowError) -> Void,
      shouldStop: () -> Bool = { false }
    ) throws(SparrowError) -> Parameters {
      while true {
        try train(stages[state.stage], report, shouldStop)
        guard state.stage + 1 < stages.count else { break }
        begin(stage: state.stage + 1)
        // The model shall adapt to what decoding will leave out.
        if stages[state.stage].restsRouters { try settle(stages[state.stage]) }
      }
      try settle(stages[state.stage])
      try save()
      return state.resting.merged(with: state.parameters)
    }

    private func train(
      _ stage: TrainingStage, _ report: (TrainingStep, String) throws(SparrowError) -> Void,
      _ shouldStop: () -> Bool
    ) throws(SparrowError) {
      let functions = try functions(stage)
      var started = monotonicSeconds()
      var tokens = 0
      while state.stageStep < stage.steps {
        let done = try step(functions, stage)
        tokens += reader.batch * reader.rows.length * options.accumulation * reader.ranks
        let isLine =
          state.step % options.reportEvery == 0 || state.stageStep == stage.steps
        if isLine {
          var line = try line(done)
          line.tokensPerSecond = Double(tokens) / max(monotonicSeconds() - started, 1e-9)
          try measureHeldOut(&line, functions)
          (started, tokens) = (monotonicSeconds(), 0)
          try report(line, stage.name)
        }
        // The end has a checkpoint of its own, and needs no stop.
        guard state.step < stepsInAll else { break }
        let stops = try stops(shouldStop, isLine: isLine)
        if stops || state.step % options.saveEvery == 0 {
          // What is no number must never take a good checkpoint's place.
          _ = try values(of: done)
          try save()
        }
        if stops {
          throw SparrowError(
            .cancelled, file: folder.path, found: "stopped after step \(state.step)",
            expected: "the same command again to go on")
        }
      }
    }

    /// Whether to stop now. Processes that train together must stop at the same step: any of them
    /// stops all, at a line of metrics, where they wait for values anyway.
    private func stops(_ shouldStop: () -> Bool, isLine: Bool) throws(SparrowError) -> Bool {
      guard reader.ranks > 1 else { return shouldStop() }
      guard isLine else { return false }
      return try TensorGroup.sum(Tensor(shouldStop() ? 1 : 0)).value() > 0
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
        frozen: state.resting, teacher: dense, optimizer: options.optimizer,
        rateFactor: stage.rateFactor)
    }

    /// Starts one step; its values are there when they are read.
    private func step(
      _ functions: StepFunctions, _ stage: TrainingStage
    ) throws(SparrowError) -> StepResult {
      let step = state.stageStep
      state.controller?.step = step
      let rate = stage.rate(step)
      let pressure = stage.pressure.value(step, state.controller)
      let share = 1 / Float(options.accumulation * reader.ranks)
      var sums: [Tensor] = []
      var parts: [Tensor] = []
      for batch in try batches(share) {
        let (own, gradients) = functions.gradients(
          state.parameters, batch, pressure: Float(pressure))
        parts = parts.isEmpty ? own : zip(parts, own).map { $0 + $1 }
        sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
      }
      if share != 1 {
        sums = sums.map { groupSum($0) * share }
        parts = parts.map { groupSum($0) * share }
      }
      guard !sums.isEmpty, let norm = functions.step(&state, gradients: sums, rate: rate) else {
        try Tensor.evaluate([])
        throw SparrowError(.system, field: "MLX", found: "a step that gives nothing")
      }
      try Tensor.start(
        state.parameters.tensors + state.first.tensors + state.second.tensors + parts + [norm])
      state.stageStep += 1
      state.step += 1
      state.position = reader.position
      try state.steer(density: parts[Objective.Parts.densityIndex])
      return StepResult(parts: parts, norm: norm, rate: rate, pressure: pressure)
    }

    /// This process's batches of a step, which has `1 / share` of them in all processes.
    private func batches(_ share: Float) throws(SparrowError) -> [Objective.Batch] {
      var batches: [TokenBatch] = []
      for _ in 0..<options.accumulation { batches.append(try reader.next()) }
      let own = Tensor(Float(batches.reduce(0) { $0 + $1.learnt }))
      let learnt = groupSum(own).maximum(1) * share
      return batches.map { Objective.Batch($0, learnt: learnt) }
    }

    private func groupSum(_ tensor: Tensor) -> Tensor {
      reader.ranks > 1 ? TensorGroup.sum(tensor) : tensor
    }

    private func save() throws(SparrowError) {
      guard reader.rank == 0 else { return }
      try folder.save(step: state.step) { path throws(SparrowError) in
        try state.write(to: path, run: run)
      }
    }
  }
#endif
