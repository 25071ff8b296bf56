#if Training
  internal import SparrowCalibration
  package import SparrowCore
  package import SparrowFormats
  internal import SparrowNumerics
  package import SparrowSparsity
  package import SparrowTransformer

  /// HiRE's fine-tuning: the model learns with exact top-k in its networks (arXiv 2402.09360, eq 6
  /// and 7).
  package struct TopKRecipe: Recipe {
    package static let name = "topK"

    package enum Layers: String, Sendable, CaseIterable {
      /// HiRE's table 8: all, the odd ones, the last half.
      case all, odd
      case lastHalf = "last-half"

      package func contains(_ layer: Int, of count: Int) -> Bool {
        switch self {
        case .all: true
        case .odd: layer % 2 == 1
        case .lastHalf: layer >= count / 2
        }
      }
    }

    package var groupSize = 1
    /// Part of the neurons that are kept, the common path's aside.
    package var density = 0.3
    /// Part of the neurons that every token uses.
    package var common = 0.0
    package var layers = Layers.all
    /// Directions of the sketches that are learnt beside the model (HiRE-LR); 0 learns none.
    package var sketchRank = 0
    /// What a learnt sketch fetches, as a multiple of what is kept.
    package var candidates = 2.0
    package var distillation: Float = 1
    package var task: Float = 0.1
    package var steps = 1000
    package var rate = 3e-4
    package var warmUp = 50

    package init() {}

    /// From random weights: the model learns its text alone. A density of 1 is a dense model.
    package static func pretraining(density: Double = 1) -> TopKRecipe {
      var recipe = TopKRecipe()
      recipe.density = density
      recipe.distillation = 0
      recipe.task = 1
      return recipe
    }

    package func networks(_ model: ModelConfiguration) throws(SparrowError) -> [NetworkMode] {
      guard Selection.groupSizes.contains(groupSize) else {
        throw SparrowError(
          .argument, field: "groups", found: "\(groupSize)", expected: "1, 4, 8, 16 or 32 neurons")
      }
      guard density > 0, common >= 0, density + common <= 1 else {
        throw SparrowError(
          .argument, field: "density", found: "\(density) and a common path of \(common)",
          expected: "above 0, together at most 1")
      }
      var modes: [NetworkMode] = []
      for (index, layer) in model.layers.enumerated() {
        let groups = layer.feedForward.width / groupSize
        guard layer.feedForward.width % groupSize == 0 else {
          throw SparrowError(
            .argument, field: "groups", found: "\(groupSize)",
            expected: "a divisor of the \(layer.feedForward.width) neurons of layer \(index)")
        }
        let always = Int((Double(groups) * common).rounded())
        let kept = min(groups - always, max(1, Int((Double(groups) * density).rounded())))
        modes.append(
          layers.contains(index, of: model.layers.count) && kept + always < groups
            ? .topK(groupSize: groupSize, kept: kept, common: always) : .dense)
      }
      return modes
    }

    /// Adds sketches where networks are sparse: the projection of gate and up on their leading
    /// directions, which is their closest copy of that rank. Throws what reading weights throws.
    package func prepare(
      _ start: inout TrainingStart, progress: Progress
    ) throws(SparrowError) {
      guard sketchRank > 0 else { return }
      let model = start.configuration
      let pool = try WorkerPool(count: availableProcessors())
      for (index, mode) in try networks(model).enumerated() where mode != .dense {
        try progress.report(index, of: model.layers.count, "starting sketches")
        let rows = Tensor.concatenated(
          Self.kinds(model.layers[index].feedForward).map {
            start.parameters[WeightRole($0, layer: index).parameterName]!
          }, axis: 0)
        let directions = Tensor(
          PrincipalDirections.leading(
            sketchRank, ofSquare: try rows.transposed.matmul(rows).floats(), order: model.hidden,
            pool: pool), shape: [sketchRank, model.hidden])
        start.parameters[ParameterName.sketchDown(index)] = directions
        start.parameters[ParameterName.sketchUp(index)] = rows.matmul(directions.transposed)
      }
    }

    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      guard sketchRank >= 0, sketchRank % 32 == 0, sketchRank <= model.hidden else {
        throw SparrowError(
          .argument, field: "rank", found: "\(sketchRank)",
          expected: "a multiple of 32, at most \(model.hidden)")
      }
      guard candidates >= 1, candidates.isFinite else {
        throw SparrowError(
          .argument, field: "candidates per k", found: "\(candidates)", expected: "1 or more")
      }
      let objective = Objective(task: task, distillation: distillation)
      let networks = try networks(model)
      return [
        TrainingStage(
          name: networks.allSatisfy { $0 == .dense } ? "dense" : "top-k", steps: steps,
          networks: networks, objective: objective,
          rate: try LearningRate(
            peak: rate, warmUp: min(warmUp, steps / 2), decay: .cosine(steps: steps, floor: 0.05)))
      ]
    }

    /// Top-k with the sketch that was learnt, or by what its oracle sees.
    package func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter? {
      var adapter = Adapter(for: base)
      for (layer, mode) in trained.networks.enumerated() {
        guard case .topK(let size, let kept, let common) = mode else { continue }
        let width = trained.configuration.layers[layer].feedForward.width
        var plan = FeedForwardPlan(
          predictor: .exact, selector: .topK(kept), groupSize: size, kept: .topK(kept),
          common: (0..<Int32(common)).map { $0 },
          density: Float(kept + common) / Float(width / size))
        if let sketch = try sketch(trained, layer: layer) {
          plan = try plan.fetching(candidates, by: .sketch(sketch), neurons: width)
        }
        adapter.plan.networks[layer] = plan
      }
      return adapter.plan.isSparse ? adapter : nil
    }

    /// What was learnt beside the model as the engine reads it: gate's rows, and up's from the next
    /// whole block on; nil without.
    private func sketch(
      _ trained: TrainedModel, layer: Int
    ) throws(SparrowError) -> RowSketch? {
      guard let down = trained.parameters[ParameterName.sketchDown(layer)],
        let up = trained.parameters[ParameterName.sketchUp(layer)]
      else { return nil }
      let network = trained.configuration.layers[layer].feedForward
      let rank = down.shape[0]
      let kinds = Self.kinds(network)
      let step = network.gated ? FeedForwardPlan.paddedNeurons(network.width) : network.width
      var rows = [Float](repeating: 0, count: kinds.count * step * rank)
      var bias = [Float](repeating: 0, count: kinds.count * step)
      let learnt = try up.floats()
      for (index, kind) in kinds.enumerated() {
        let own = learnt[index * network.width * rank..<(index + 1) * network.width * rank]
        rows.replaceSubrange(index * step * rank..<index * step * rank + own.count, with: own)
        let role = kind.bias.map { WeightRole($0, layer: layer).parameterName }
        if let values = try role.flatMap({ trained.parameters[$0] })?.floats() {
          bias.replaceSubrange(index * step..<index * step + values.count, with: values)
        }
      }
      return try RowSketch(
        basis: down.floats(), rows: rows, rank: rank, hidden: trained.configuration.hidden,
        bias: bias)
    }

    /// The matrices that a sketch copies, in the order of its rows.
    private static func kinds(_ network: FeedForwardDescription) -> [WeightRole.Kind] {
      network.gated ? [.gate, .up] : [.up]
    }
  }
#endif
