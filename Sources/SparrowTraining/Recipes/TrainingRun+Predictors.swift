#if Training
  package import Sparrow
  package import SparrowCalibration
  package import SparrowCore
  internal import SparrowFormats
  package import SparrowSparsity

  extension TrainingRun {
    /// Predictors as an adapter of the model that they were trained beside, with what they do on held-out rows.
    package struct Predictors {
      package var adapter: Adapter
      /// Of what was trained; the others are nil.
      package var networks: FeedForwardCalibration.Choice?
      package var attention: AttentionCalibration.Choice?
      package var head: HeadMeasurement?
    }

    /// Measures what `run` gave for a recipe of predictors; `model` is the same model in the engine.
    ///
    /// Which layers' attention becomes sparse is up to `attentionTarget`. Throws what running the model throws,
    /// and `.cancelled` when `progress` returns false.
    package func predictors(
      _ recipe: PredictorRecipe, of result: Result, model: Model,
      attentionTarget: PlanTarget = .perplexity(1.02), progress: (Double, String) -> Bool
    ) throws(SparrowError) -> Predictors {
      guard let rows = result.heldOut else {
        throw SparrowError(
          .argument, field: "held-out text", found: "nothing", expected: "a text to measure on")
      }
      let parameters = result.parameters
      let held = try HeldOutStates(
        SparseTransformer(result.configuration), parameters, rows: rows, batch: options.batch,
        part: recipe.part)
      var made = Predictors(
        adapter: Adapter(
          baseHash: checkpoint.contentHash(), baseName: HeadCalibration.name(of: model)))
      /// nil for a layer without a choice.
      func trained(_ layer: Int) throws(SparrowError) -> TrainedPredictor? {
        guard let a = parameters[ParameterName.predictorDown(layer)],
          let b = parameters[ParameterName.predictorUp(layer)],
          let bias = parameters[ParameterName.predictorBias(layer)]
        else { return nil }
        let looksAhead = recipe.lookahead && layer > 0
        return TrainedPredictor(
          a: try a.floats(), b: try b.floats(), bias: try bias.floats(),
          inputs: held.inputs[looksAhead ? layer - 1 : layer], targets: held.targets[layer],
          isLookahead: looksAhead)
      }
      switch recipe.part {
      case .networks:
        var fitting = FeedForwardCalibration.Options()
        fitting.recall = recipe.recall
        fitting.density = Float(recipe.density)
        let choice = try FeedForwardCalibration.choose(
          model: model, options: fitting,
          trained: { layer throws(SparrowError) in try trained(layer)! },
          progress: progress)
        made.adapter.plan.networks = choice.layers
        made.adapter.plan.widestBatch = max(1, choice.widestBatch)
        made.networks = choice
      case .attention:
        let choice = try AttentionCalibration.choose(
          model: model, trained: trained, density: Float(recipe.density), heldOut: held.windows,
          target: attentionTarget, progress: progress)
        made.adapter.plan.attention = choice.layers
        made.attention = choice
      case .head:
        let (adapter, measured) = try HeadCalibration.adapter(
          model: model, a: try parameters[ParameterName.predictorDown(nil)]!.floats(),
          b: try parameters[ParameterName.predictorUp(nil)]!.floats(), states: held.states,
          progress: progress)
        made.adapter = adapter
        made.head = measured
      }
      return made
    }
  }
#endif
