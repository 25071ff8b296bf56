#if Training
  internal import SparrowCore
  internal import SparrowTransformer

  extension TrainingRun {
    /// What is learnt, and how.
    package enum Recipe: Sendable {
      case lte(LTERecipe)
      case topK(TopKRecipe)
      case relu(ReLURecipe)
      case predictors(PredictorRecipe)

      var distils: Bool {
        switch self {
        case .lte(let recipe): recipe.distillation > 0
        case .topK(let recipe): recipe.distillation > 0
        case .relu(let recipe): recipe.distillation > 0
        case .predictors: false
        }
      }

      /// The model that learns, made of the one that is there.
      func configuration(_ model: ModelConfiguration) -> ModelConfiguration {
        switch self {
        case .lte, .topK, .predictors: model
        case .relu(let recipe): recipe.configuration(model)
        }
      }

      func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
        switch self {
        case .lte(let recipe): try recipe.stages(model)
        case .topK(let recipe): try recipe.stages(model)
        case .relu(let recipe): try recipe.stages(model)
        case .predictors(let recipe): try recipe.stages(model)
        }
      }
    }
  }
#endif
