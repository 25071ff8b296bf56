#if Training
  import SparrowCore
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining
  @testable import SparrowTransformer

  /// A model of random weights, text for it and a folder: runs that take a second.
  struct TinyTrainer {
    let folder: TemporaryFolder
    let configuration: ModelConfiguration
    let parameters: Parameters
    let rows: TokenRows
    var options = Trainer.Options()

    static let groupSize = 8

    init() throws {
      TensorDevice.setCompiling(false)
      folder = try TemporaryFolder()
      configuration = try ModelConfiguration(
        huggingFace: [
          "model_type": "llama", "hidden_size": 32, "intermediate_size": 64,
          "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
          "max_position_embeddings": 64, "vocab_size": 417, "rms_norm_eps": 1e-5,
          "hidden_act": "silu", "tie_word_embeddings": true,
        ], file: "tiny")
      parameters = Self.random(configuration)
      rows = try Self.rows(folder)
      options.reportEvery = 1
      options.saveEvery = 1000
      options.evaluateEvery = 1000
      options.heldOutBatches = 2
    }

    private static func random(_ configuration: ModelConfiguration) -> Parameters {
      var values: [String: Tensor] = [:]
      for (index, weight) in configuration.expectedWeights.enumerated()
      where weight.presence == .required {
        values[weight.role.parameterName] =
          weight.role.kind.isNormWeight
          ? Tensor.full(weight.shape, 1)
          : Tensor.normal(weight.shape, key: .randomKey(UInt64(index)))
            * (1 / Float(weight.shape[1]).squareRoot())
      }
      return Parameters(values)
    }

    /// Lines of words in fixed orders, of lengths that rows cut at different places.
    private static func rows(_ folder: TemporaryFolder) throws -> TokenRows {
      let words = ["the", "rows", "that", "a", "token", "needs", "are", "few", "and", "near"]
      let lines = (0..<120).map { line in
        let count = 4 + line % 9
        let text = (0..<count).map { words[(line % 5 + $0 * (1 + line % 3)) % words.count] }
        return "{\"text\": \"\(text.joined(separator: " "))\"}\n"
      }
      let path = try folder.write("text.jsonl", lines.joined())
      let data = try TrainingData(
        TrainingText([path]), tokenizer: TrainingTokenizer.make(), cache: folder.file("tokens"))
      return try TokenRows(data.training, length: 24)
    }

    /// Routers, then the model around them: both stages of LTE, or one of top-k.
    func stages(
      routers: Int, adaptation: Int, pressure: Pressure = .constant(0.1), settled: Double? = nil
    ) throws -> [TrainingStage] {
      let modes = [true, false].map { isLearning in
        NetworkMode.hard(groupSize: Self.groupSize, straightThrough: isLearning)
      }
      return [
        TrainingStage(
          name: "routers", steps: routers, networks: [modes[0], modes[0]], objective: Objective(),
          rate: try LearningRate(peak: 3e-3, warmUp: 2), pressure: pressure,
          settledDensity: settled),
        TrainingStage(
          name: "adaptation", steps: adaptation, networks: [modes[1], modes[1]],
          objective: Objective(),
          rate: try LearningRate(peak: 3e-3, decay: .cosine(steps: adaptation, floor: 0.1)),
          settledDensity: settled, learns: { !ParameterName.isRouter($0) }),
      ]
    }

    /// A run of these parameters before its first step, as a recipe gets it.
    func start(_ parameters: Parameters) -> TrainingStart {
      var options = TrainingOptions()
      options.output = folder.path
      options.seed = 1
      return TrainingStart(
        configuration: configuration, base: "tiny", options: options,
        tokens: Tensor(integers: [1, 2], shape: [1, 2]), parameters: parameters)
    }

    /// The parameters with routers whose scores stand around 0.5.
    var routed: Parameters {
      var routed = parameters
      for layer in configuration.layers.indices {
        let groups = configuration.layers[layer].feedForward.width / Self.groupSize
        routed[ParameterName.router(layer)] =
          Tensor.normal([groups, configuration.hidden], key: .randomKey(UInt64(100 + layer))) * 0.02
        routed[ParameterName.routerBias(layer)] = Tensor.full([groups], 0.05)
      }
      return routed
    }

    /// Trains to the end; gives what came out and each line.
    func trained(
      _ name: String, _ stages: [TrainingStage], _ parameters: Parameters, teacher: Parameters?
    ) throws -> (parameters: Parameters, lines: [TrainingStep]) {
      var lines: [TrainingStep] = []
      let trained = try trainer(name, stages, parameters, batch: 4, teacher: teacher).train(
        report: { line, _ in lines.append(line) })
      return (trained, lines)
    }

    /// A trainer over the checkpoints of `name`: it goes on where they stand.
    func trainer(
      _ name: String, _ stages: [TrainingStage], _ parameters: Parameters? = nil, batch: Int = 2,
      teacher: Parameters? = nil, run: JSON = "run"
    ) throws -> Trainer {
      try Trainer(
        configuration, parameters ?? routed, stages: stages,
        reader: BatchReader(rows, batch: batch, seed: 1), heldOut: rows,
        teacher: teacher.map { (configuration, $0) },
        folder: CheckpointFolder(path: folder.file(name + "/checkpoints")), run: run,
        options: options)
    }

    /// Trains as a program would, which may be stopped after some steps, be killed at others, or
    /// end.
    @discardableResult
    func train(
      _ name: String, _ stages: [TrainingStage], stopAfter: Int = .max, killAfter: Int = .max
    ) throws -> Parameters {
      let trainer = try trainer(name, stages)
      var metrics = try TrainingMetrics(
        path: metricsPath(name), resumedAfter: trainer.stepsDone == 0 ? nil : trainer.stepsDone)
      var last = 0
      return try trainer.train(
        report: { line, _ throws(SparrowError) in
          try metrics.append(line)
          last = line.step
          if last >= killAfter { throw SparrowError(.system, found: "killed") }
        }, shouldStop: { last >= stopAfter })
    }

    func metricsPath(_ name: String) -> String { folder.file(name + "/metrics.jsonl") }

    /// What a run measured, but for its speed.
    func metrics(_ name: String) throws -> [TrainingStep] {
      try TrainingMetrics.read(metricsPath(name)).map { step in
        var step = step
        step.tokensPerSecond = 0
        return step
      }
    }
  }
#endif
