import SparrowBlocks
import SparrowCore
package import SparrowSparsity
import SparrowTestSupport
package import SparrowTransformer

/// Plans of one kind for all networks of a model.
package enum NetworkPlans {
  package static func all(
    _ kind: RandomPredictor, group: Int = 1, _ selector: @escaping (_ groups: Int) -> Selector
  ) -> (ModelConfiguration) -> [Int: FeedForwardPlan] {
    { model in
      Dictionary(
        uniqueKeysWithValues: model.layers.enumerated().map { layer, description in
          let network = description.feedForward
          return (
            layer,
            FeedForwardPlan(
              predictor: kind.make(
                hidden: model.hidden, width: network.width, group: group, isGated: network.gated,
                seed: UInt64(layer + 1)),
              selector: selector(network.width / group), groupSize: group)
          )
        })
    }
  }

  /// A random sketch of down, of the first layer's size.
  package static func down(_ model: ModelConfiguration) -> SketchRows {
    var random = SeededRandom(seed: 5)
    let width = model.layers[0].feedForward.width
    return SketchRows(
      coding: .int5, directions: width,
      bytes: ElementType.q5_0.randomBytes(elements: model.hidden * width, &random))
  }
}
