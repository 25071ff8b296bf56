#if Training
  internal import SparrowCalibration
  package import SparrowCore
  internal import SparrowSparsity
  package import SparrowTransformer

  /// HiRE's fine-tuning: the model learns with exact top-k in its networks (arXiv 2402.09360, eq 6 and 7).
  package struct TopKRecipe: Sendable {
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

    /// Adds sketches where networks are sparse: the projection of gate and up on their leading directions, which is
    /// their closest copy of that rank. Throws what reading weights throws.
    package func prepare(
      _ parameters: inout Parameters, _ model: ModelConfiguration, pool: WorkerPool,
      progress: (_ done: Int, _ total: Int) throws(SparrowError) -> Void
    ) throws(SparrowError) {
      guard sketchRank > 0 else { return }
      for (index, mode) in try networks(model).enumerated() where mode != .dense {
        try progress(index, model.layers.count)
        let kinds: [WeightRole.Kind] =
          model.layers[index].feedForward.gated ? [.gate, .up] : [.up]
        let rows = Tensor.concatenated(
          kinds.map { parameters[WeightRole($0, layer: index).parameterName]! }, axis: 0)
        let directions = Tensor(
          PrincipalDirections.leading(
            sketchRank, ofSquare: try rows.transposed.matmul(rows).floats(), order: model.hidden,
            pool: pool), shape: [sketchRank, model.hidden])
        parameters[ParameterName.sketchDown(index)] = directions
        parameters[ParameterName.sketchUp(index)] = rows.matmul(directions.transposed)
      }
    }

    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      guard sketchRank >= 0, sketchRank % 32 == 0, sketchRank <= model.hidden else {
        throw SparrowError(
          .argument, field: "sketch rank", found: "\(sketchRank)",
          expected: "a multiple of 32, at most \(model.hidden)")
      }
      guard candidates >= 1, candidates.isFinite else {
        throw SparrowError(
          .argument, field: "candidates", found: "\(candidates)", expected: "1 or more")
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
  }
#endif
