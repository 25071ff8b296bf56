import SparrowCore
package import SparrowSparsity
package import SparrowTransformer

/// A kind of sparsity, with plans that are the same in every run.
package enum PlanKind: String, CaseIterable, CustomStringConvertible {
  case dense, head, networks, kept, lookahead, estimated, sketched, attention, inputs, all

  package var description: String { rawValue }

  package func plan(_ model: ModelConfiguration) -> SparsePlan {
    SparsePlan(
      head: head(model), networks: networks(model), attention: attention(model),
      inputs: inputs(model))
  }

  private func head(_ model: ModelConfiguration) -> SketchedVocabulary? {
    guard self == .head || self == .all else { return nil }
    var random = SeededRandom(seed: 3)
    let sketch = RowSketch.random(
      rows: model.vocabulary, hidden: model.embeddingWidth, coding: .product, directions: 30,
      &random)
    return SketchedVocabulary(
      plan: VocabularyPlan(candidates: model.vocabulary / 4, kept: 8, doubt: 0), sketch: sketch)
  }

  private func networks(_ model: ModelConfiguration) -> [Int: FeedForwardPlan] {
    let group = model.layers.allSatisfy { $0.feedForward.width % 8 == 0 } ? 8 : 1
    return switch self {
    case .networks: NetworkPlans.all(.product, group: group) { .topK($0 / 2) }(model)
    case .kept:
      NetworkPlans.all(.int4) { .topK($0 / 2) }(model).mapValues { plan in
        var plan = plan
        plan.kept = .topK(8)
        return plan
      }
    case .lookahead:
      NetworkPlans.all(.lowRank, group: group) { _ in .threshold(0) }(model).mapValues {
        plan in
        var plan = plan
        plan.lookahead = true
        return plan
      }
    case .estimated, .sketched:
      NetworkPlans.all(.int5) { _ in .threshold(0.5) }(model).mapValues { plan in
        var plan = plan
        plan.rest = self == .estimated ? .estimate : .sketch(down: NetworkPlans.down(model))
        return plan
      }
    case .all: NetworkPlans.all(.router, group: group) { _ in .threshold(0.5) }(model)
    default: [:]
    }
  }

  private func attention(_ model: ModelConfiguration) -> [Int: AttentionPlan] {
    guard self == .attention || self == .all else { return [:] }
    return AttentionPlans.halves(model).filter {
      model.layers[$0.key].attention.needsAllHeads == nil
    }
  }

  private func inputs(_ model: ModelConfiguration) -> [Int: InputPlan] {
    self == .inputs ? InputPlans.all(model, 0.5) : [:]
  }
}
