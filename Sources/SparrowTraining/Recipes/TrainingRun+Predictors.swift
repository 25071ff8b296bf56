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
      /// Of networks, or of the head.
      package var choice: FeedForwardCalibration.Choice?
      package var head: HeadMeasurement?
    }

    /// Measures what `run` gave for a recipe of predictors; `model` is the same model in the engine.
    ///
    /// Throws what running the model throws, and `.cancelled` when `progress` returns false.
    package func predictors(
      _ recipe: PredictorRecipe, of result: Result, model: Model,
      progress: (Double, String) -> Bool
    ) throws(SparrowError) -> Predictors {
      guard let rows = result.heldOut else {
        throw SparrowError(
          .argument, field: "held-out text", found: "nothing", expected: "a text to measure on")
      }
      let parameters = result.parameters
      let states = try HeldOutStates(
        SparseTransformer(result.configuration), parameters, rows: rows, batch: options.batch,
        ofHead: recipe.isHead)
      func maps(_ layer: Int?) throws(SparrowError) -> (a: [Float], b: [Float]) {
        (
          try parameters[ParameterName.predictorDown(layer)]!.floats(),
          try parameters[ParameterName.predictorUp(layer)]!.floats()
        )
      }
      if recipe.isHead {
        let (a, b) = try maps(nil)
        let (adapter, measured) = try HeadCalibration.adapter(
          model: model, a: a, b: b, states: states.states, progress: progress)
        return Predictors(adapter: adapter, head: measured)
      }
      var fitting = FeedForwardCalibration.Options()
      fitting.recall = recipe.recall
      fitting.density = Float(recipe.density)
      let choice = try FeedForwardCalibration.choose(
        model: model, options: fitting,
        trained: { layer throws(SparrowError) in
          let (a, b) = try maps(layer)
          let looksAhead = recipe.lookahead && layer > 0
          return TrainedPredictor(
            a: a, b: b, inputs: states.inputs[looksAhead ? layer - 1 : layer],
            activations: states.activations[layer], isLookahead: looksAhead)
        }, progress: progress)
      let adapter = Adapter(
        baseHash: checkpoint.contentHash(), baseName: HeadCalibration.name(of: model),
        layers: choice.layers, widestBatch: max(1, choice.widestBatch))
      return Predictors(adapter: adapter, choice: choice)
    }
  }
#endif
