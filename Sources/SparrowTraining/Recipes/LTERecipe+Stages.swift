#if Training
  package import SparrowCore
  package import SparrowTransformer

  extension LTERecipe {
    /// Routers with the model around them, then the model alone. Throws `.argument` for what cannot be trained.
    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      try validate(model)
      let first = max(1, Int(Double(steps) * routerShare))
      let adaptation = Objective(task: task, distillation: distillation)
      var objective = adaptation
      objective.separation = separation
      objective.local = local
      let pressure: Pressure =
        if let target = targetDensity {
          .controlled(
            try DensityController(
              target: target, ramp: start.flatMap { ramp($0, steps: first) }, eta: eta))
        } else { .constant(eta) }
      let isLow = loraRank > 0
      let learnt: @Sendable (String) -> Bool = { name in
        isLow ? LoRA.isFactor(name) : !ParameterName.isRouter(name)
      }
      let soft =
        isSoft
        ? NetworkMode.soft(groupSize: groupSize)
        : .hard(groupSize: groupSize, straightThrough: true)
      let hard = NetworkMode.hard(groupSize: groupSize, straightThrough: false)
      let factor: Float = routerRate.map { Float($0 / rate) } ?? 1
      var list = [
        TrainingStage(
          name: "routers", steps: first, networks: networks(soft, model), objective: objective,
          rate: try learningRate(first, after: 0), pressure: pressure,
          rateFactor: { ParameterName.isRouter($0) ? factor : 1 },
          learns: { learnt($0) || ParameterName.isRouter($0) })
      ]
      if first < steps {
        list.append(
          TrainingStage(
            name: "adaptation", steps: steps - first,
            networks: networks(hard, model), objective: adaptation,
            rate: try learningRate(first, after: first), learns: learnt))
      }
      return list
    }

    /// One cosine over both stages.
    private func learningRate(
      _ first: Int, after before: Int
    ) throws(SparrowError) -> LearningRate {
      try LearningRate(
        peak: rate, warmUp: min(warmUp, first / 2), decay: .cosine(steps: steps, floor: 0.05),
        after: before)
    }

    /// A start that touches everything has no logit.
    private func ramp(_ start: RouterStart, steps: Int) -> DensityController.Ramp? {
      guard ramp > 0 else { return nil }
      return DensityController.Ramp(
        from: min(start.density, 0.99), steps: Int(ramp * Double(steps)))
    }

    /// What the start leaves dense stays dense.
    private func networks(_ mode: NetworkMode, _ model: ModelConfiguration) -> [NetworkMode] {
      model.layers.indices.map { index in
        start.map { $0.layers[index] == nil } ?? false ? .dense : mode
      }
    }
  }
#endif
