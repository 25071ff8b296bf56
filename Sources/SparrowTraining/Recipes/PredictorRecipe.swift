#if Training
  package import Sparrow
  package import SparrowCalibration
  package import SparrowCore
  package import SparrowFormats
  package import SparrowSparsity
  package import SparrowTransformer

  /// Deja Vu's predictors (arXiv 2310.17157, section 4) or HiRE's softmax LR, learnt from what the
  /// frozen model computes on the way: no activation is written to a disk.
  package struct PredictorRecipe: Recipe {
    package static let name = "predictors"

    /// What is predicted.
    package enum Part: String, Sendable {
      /// Which neurons fire, or which head groups add most.
      case networks, attention
      /// The logits of the vocabulary head.
      case head

      /// Scores of a layer's predictor; nil for a layer without one.
      func outputs(_ layer: LayerDescription) -> Int? {
        switch self {
        case .networks: layer.feedForward.width
        case .attention: layer.attention.keyValueHeads > 1 ? layer.attention.keyValueHeads : nil
        case .head: nil
        }
      }
    }

    package var part = Part.networks
    /// Predictors to begin with, of the same part, rank and lookahead; nil begins with random ones.
    package var start: PredictorStart?
    /// Directions between the two maps; 0 for a quarter of the width.
    package var rank = 0
    /// Part of the neurons that a token needs, where activations are never zero; part of the head
    /// groups.
    package var density = 0.5
    /// Part of the firing neurons that the threshold keeps, where activations are zero or not.
    package var recall: Float = 0.99
    /// Layers read the input of the network before theirs.
    package var lookahead = false
    package var steps = 1000
    package var rate = 1e-3
    package var warmUp = 50

    package init() {}

    /// Without clipping: the gradient of one layer shall not shorten another's.
    package static func optimizer(weightDecay: Float) -> AdamW {
      var optimizer = AdamW()
      optimizer.weightDecay = weightDecay
      optimizer.clip = 0
      return optimizer
    }

    package func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {
      try start?.check(model, base: base)
    }

    /// Throws `.argument` for what cannot be trained.
    private func validate(_ model: ModelConfiguration) throws(SparrowError) {
      func refuse(_ field: String, _ found: String, _ expected: String) -> SparrowError {
        SparrowError(.argument, field: field, found: found, expected: expected)
      }
      guard rank >= 0, rank % 32 == 0, rank <= model.hidden else {
        throw refuse("rank", "\(rank)", "a multiple of 32, at most \(model.hidden)")
      }
      guard density > 0, density < 1 else {
        throw refuse("density", "\(density)", "above 0, below 1")
      }
      guard part != .attention || model.layers.contains(where: { $0.attention.keyValueHeads > 1 })
      else { throw refuse("attention", "one key/value head in every layer", "several in some") }
      guard recall > 0, recall <= 1 else {
        throw refuse("recall", "\(recall)", "above 0, at most 1")
      }
      guard let start else { return }
      guard start.part == part else {
        throw refuse("start", start.part.rawValue, part.rawValue)
      }
      let rank = directions(model)
      for (index, layer) in start.layers {
        guard layer.rank == rank else {
          throw refuse("rank", "\(rank)", "\(layer.rank), as the start has")
        }
        guard index == 0 || layer.looksAhead == lookahead else {
          throw refuse("lookahead", "\(lookahead)", "\(layer.looksAhead), as the start has")
        }
      }
    }

    private func directions(_ model: ModelConfiguration) -> Int {
      rank == 0 ? max(32, model.hidden / 4 / 32 * 32) : rank
    }

    /// Adds the maps that learn: the start's, or random as torch's Linear has them with biases of
    /// 0.
    package func prepare(
      _ run: inout TrainingStart, progress: Progress
    ) throws(SparrowError) {
      if let start {
        run.parameters = run.parameters.merged(with: start.parameters())
        return
      }
      let (model, seed) = (run.configuration, run.options.seed)
      let rank = directions(model)
      func random(_ rows: Int, _ columns: Int, _ index: Int) -> Tensor {
        Tensor.normal([rows, columns], key: .randomKey(seed &+ 15_485_863 &+ UInt64(index)))
          / Float(3 * columns).squareRoot()
      }
      if part == .head {
        run.parameters[ParameterName.predictorDown(nil)] = random(rank, model.embeddingWidth, 0)
        run.parameters[ParameterName.predictorUp(nil)] = random(model.vocabulary, rank, 1)
        return
      }
      for (index, layer) in model.layers.enumerated() {
        guard let outputs = part.outputs(layer) else { continue }
        run.parameters[ParameterName.predictorDown(index)] = random(rank, model.hidden, 2 * index)
        run.parameters[ParameterName.predictorUp(index)] = random(outputs, rank, 2 * index + 1)
        run.parameters[ParameterName.predictorBias(index)] = .zeros([outputs])
      }
    }

    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      try validate(model)
      var objective = Objective()
      objective.prediction =
        switch part {
        case .networks: .networks(density: density, lookahead: lookahead)
        case .attention: .attention(density: density, lookahead: lookahead)
        case .head: .head
        }
      return [
        TrainingStage(
          name: part.rawValue, steps: steps,
          networks: model.layers.map { _ in .dense }, objective: objective,
          rate: try LearningRate(
            peak: rate, warmUp: min(warmUp, steps / 2), decay: .cosine(steps: steps, floor: 0.05)),
          learns: ParameterName.isPredictor)
      ]
    }
  }

  extension PredictorRecipe {
    /// Predictors as an adapter of the model that they were trained beside, with what they do on
    /// held-out rows.
    package struct Measured {
      package var adapter: Adapter
      /// Of what was trained; the others are nil.
      package var networks: FeedForwardCalibration.Choice?
      package var attention: AttentionCalibration.Choice?
      package var head: VocabularyMeasurement?
    }

    package func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter? {
      try measured(trained, beside: Model.load(base.path), progress: progress).adapter
    }

    /// Measures trained predictors beside the model in the engine.
    ///
    /// Which layers' attention becomes sparse is up to `attentionTarget`. Throws what running the
    /// model throws, and `.cancelled`.
    package func measured(
      _ trained: TrainedModel, beside model: Model,
      attentionTarget: PlanTarget = .perplexity(1.02), progress: Progress
    ) throws(SparrowError) -> Measured {
      guard let rows = trained.heldOut else {
        throw SparrowError(
          .argument, field: "held-out text", found: "nothing", expected: "a text to measure on")
      }
      let parameters = trained.parameters
      let held = try HeldOutStates(
        SparseTransformer(trained.configuration), parameters, rows: rows, batch: trained.batch,
        part: part)
      var made = Measured(adapter: Adapter(for: model.binding.checkpoint))
      /// nil for a layer without a choice.
      func maps(_ layer: Int) throws(SparrowError) -> TrainedPredictor? {
        guard let a = parameters[ParameterName.predictorDown(layer)],
          let b = parameters[ParameterName.predictorUp(layer)],
          let bias = parameters[ParameterName.predictorBias(layer)]
        else { return nil }
        let looksAhead = lookahead && layer > 0
        return TrainedPredictor(
          a: try a.floats(), b: try b.floats(), bias: try bias.floats(),
          inputs: held.inputs[looksAhead ? layer - 1 : layer], targets: held.targets[layer],
          isLookahead: looksAhead)
      }
      switch part {
      case .networks:
        var fitting = FeedForwardCalibration.Options()
        fitting.recall = recall
        fitting.density = Float(density)
        let choice = try FeedForwardCalibration.choose(
          model: model, options: fitting,
          trained: { layer throws(SparrowError) in try maps(layer)! }, progress: progress)
        made.adapter.plan.networks = choice.layers
        made.adapter.plan.widestBatch = max(1, choice.widestBatch)
        made.networks = choice
      case .attention:
        let choice = try AttentionCalibration.choose(
          model: model, trained: maps, density: Float(density), heldOut: held.windows,
          target: attentionTarget, progress: progress)
        made.adapter.plan.attention = choice.layers
        made.attention = choice
      case .head:
        let (head, measured) = try VocabularyCalibration.head(
          of: model, a: try parameters[ParameterName.predictorDown(nil)]!.floats(),
          b: try parameters[ParameterName.predictorUp(nil)]!.floats(), states: held.states,
          progress: progress)
        made.adapter.plan.head = head
        made.head = measured
      }
      return made
    }
  }
#endif
