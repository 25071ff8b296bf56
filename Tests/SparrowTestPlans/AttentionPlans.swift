import SparrowBlocks
import SparrowCore
package import SparrowSparsity
package import SparrowTransformer

/// Plans for all layers of a model, with predictors that select at random, by the token.
package enum AttentionPlans {
  package static func all(
    _ model: ModelConfiguration, _ plan: (LayerDescription) -> AttentionPlan
  ) -> [Int: AttentionPlan] {
    Dictionary(uniqueKeysWithValues: model.layers.indices.map { ($0, plan(model.layers[$0])) })
  }

  /// Selects each group of about half of the tokens.
  package static func halves(_ model: ModelConfiguration, lookahead: Bool = false) -> [Int:
    AttentionPlan]
  {
    var random = SeededRandom(seed: 11)
    return all(model) {
      AttentionPlan(
        predictor: .router(
          maps(groups: $0.attention.keyValueHeads, hidden: model.hidden) {
            random.uniform() - 0.5
          }),
        selector: .threshold(0.5), lookahead: lookahead)
    }
  }

  /// Every other head is never selected.
  package static func evenHeads(_ model: ModelConfiguration) -> [Int: AttentionPlan] {
    all(model) {
      let groups = $0.attention.keyValueHeads
      var maps = maps(groups: groups, hidden: model.hidden) { 0 }
      for group in stride(from: 0, to: groups, by: 2) { maps.bias[group] = 1 }
      return AttentionPlan(predictor: .router(maps), selector: .threshold(0.6))
    }
  }

  /// Selects everything.
  package static func everything(_ model: ModelConfiguration) -> [Int: AttentionPlan] {
    all(model) {
      AttentionPlan(
        predictor: .router(
          maps(groups: $0.attention.keyValueHeads, hidden: model.hidden) { 0 }),
        selector: .threshold(0))
    }
  }

  package static func maps(groups: Int, hidden: Int, _ weight: () -> Float) -> LinearPredictor {
    let bytes = halfBytes((0..<groups * hidden).map { _ in weight() })
    return LinearPredictor(
      a: nil, b: PredictorMatrix(rows: groups, columns: hidden, type: .f16, bytes: bytes),
      bias: [Float](repeating: 0, count: groups))
  }
}

/// Numbers in float16.
package func halfBytes(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in
    withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) }
  }
}
