#if Training
  package import SparrowCore
  package import SparrowTransformer

  /// ReLU or its square in place of a model's activation (ReLU Strikes Back, arXiv 2310.04564),
  /// with a penalty on what still fires (ProSparse, arXiv 2402.13516), so that predictors have
  /// zeros to predict.
  package struct ReLURecipe: Recipe {
    package static let name = "relu"

    /// The activations that are zero for half of their inputs.
    package enum Kind: String, Sendable, CaseIterable {
      case relu
      case relu2

      var activation: Activation {
        switch self {
        case .relu: .relu
        case .relu2: .reluSquared
        }
      }
    }

    package var kind = Kind.relu
    /// The weight that mean |activation| has at last in the loss; 0 leaves activations alone.
    package var penalty = 0.0
    /// The part of the steps in which the penalty rises, as a quarter of a sine.
    package var riseShare = 0.5
    /// Weight of KL to the dense self with its own activation, beside `task` of the next token's
    /// loss.
    package var distillation: Float = 1
    package var task: Float = 0.1
    package var steps = 1000
    package var rate = 3e-4
    package var warmUp = 50

    package init() {}

    /// The model with the new activation in all layers.
    package func configuration(_ model: ModelConfiguration) -> ModelConfiguration {
      var changed = model
      for layer in changed.layers.indices {
        changed.layers[layer].feedForward.activation = kind.activation
      }
      return changed
    }

    /// Throws `.argument` for a penalty below 0.
    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      guard penalty.isFinite, penalty >= 0 else {
        throw SparrowError(
          .argument, field: "penalty", found: "\(penalty)", expected: "0 or more")
      }
      let objective = Objective(task: task, distillation: distillation)
      return [
        TrainingStage(
          name: kind.rawValue, steps: steps, networks: model.layers.map { _ in .dense },
          objective: objective,
          rate: try LearningRate(
            peak: rate, warmUp: min(warmUp, steps / 2), decay: .cosine(steps: steps, floor: 0.05)),
          pressure: .rising(peak: penalty, over: Int(Double(steps) * riseShare)))
      ]
    }
  }
#endif
