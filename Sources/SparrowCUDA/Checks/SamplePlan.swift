import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// A kind of sparsity on a tiny model, by predictors that know nothing.
struct SamplePlan: Sendable {
  let name: String
  /// nil where the model can have none of this kind.
  let make: @Sendable (ModelConfiguration) throws(SparrowError) -> SparsePlan?

  /// What each layer's network chooses its neurons by, and how.
  private typealias Network =
    @Sendable (
      _ network: FeedForwardDescription, _ hidden: Int, _ parts: inout RandomParts
    ) throws(SparrowError) -> FeedForwardPlan?

  static let all: [SamplePlan] =
    networks + [
      attention("heads") { groups, hidden, parts throws(SparrowError) in
        AttentionPlan(
          predictor: .router(try parts.maps(groups: groups, hidden: hidden)),
          selector: .threshold(0.5))
      },
      attention("heads by the layer before") { groups, hidden, parts throws(SparrowError) in
        AttentionPlan(
          predictor: .lowRank(try parts.maps(groups: groups, hidden: hidden, rank: 32)),
          selector: .topK((groups + 1) / 2), lookahead: true)
      },
      attention("heads by their results") { groups, _, _ throws(SparrowError) in
        AttentionPlan(predictor: .exact, selector: .topK((groups + 1) / 2))
      },
      SamplePlan(name: "large inputs") { model throws(SparrowError) in
        let thresholds = LayerInput.allCases.map {
          ($0, InputPlan.Threshold($0 == .down ? 0.1 : 0.5))
        }
        let plan = InputPlan(Dictionary(uniqueKeysWithValues: thresholds))
        return SparsePlan(
          inputs: Dictionary(uniqueKeysWithValues: model.layers.indices.map { ($0, plan) }))
      },
      head("head by codes", .product), head("head by rows", .int4),
      head("head by directions", .lowRank),
    ]

  private static let networks = [
    network("low rank") { network, hidden, parts throws(SparrowError) in
      let maps = try parts.maps(groups: network.width / 8, hidden: hidden, rank: 32)
      return FeedForwardPlan(predictor: .lowRank(maps), selector: .threshold(0), groupSize: 8)
    },
    network("low rank by the layer before") { network, hidden, parts throws(SparrowError) in
      let maps = try parts.maps(groups: network.width, hidden: hidden, rank: 64, type: .q8_0)
      return FeedForwardPlan(
        predictor: .lowRank(maps), selector: .statisticalTopK(network.width / 4), lookahead: true)
    },
    network("router, ordered, common") { network, hidden, parts throws(SparrowError) in
      let groups = network.width / 4
      return FeedForwardPlan(
        predictor: .router(try parts.maps(groups: groups, hidden: hidden, type: .q4_0)),
        selector: .bucketedTopK(groups / 4, buckets: groups / 8, perBucket: 3), groupSize: 4,
        order: parts.permutation(network.width), common: [1, 5])
    },
    network("sketch by codes") { network, hidden, parts throws(SparrowError) in
      FeedForwardPlan(
        predictor: try sketch(network, hidden, .product, &parts),
        selector: .topK(network.width / 16), groupSize: 8)
    },
    network("two stages") { network, hidden, parts throws(SparrowError) in
      FeedForwardPlan(
        predictor: try sketch(network, hidden, .int4, &parts),
        selector: .topK(network.width / 2), kept: .topK(24))
    },
    network("two stages of groups") { network, hidden, parts throws(SparrowError) in
      FeedForwardPlan(
        predictor: try sketch(network, hidden, .lowRankInt4, &parts),
        selector: .topK(network.width / 8), groupSize: 4,
        kept: .bucketedTopK(8, buckets: 4, perBucket: 3),
        order: parts.permutation(network.width), common: [0, 3])
    },
    network("kept by threshold") { network, hidden, parts throws(SparrowError) in
      FeedForwardPlan(
        predictor: try sketch(network, hidden, .lowRank, &parts),
        selector: .topK(network.width / 2), kept: .threshold(0.05))
    },
    network("estimated rest") { network, hidden, parts throws(SparrowError) in
      FeedForwardPlan(
        predictor: try sketch(network, hidden, .int5, &parts), selector: .threshold(0.5),
        rest: .estimate)
    },
    network("sketched rest") { network, hidden, parts throws(SparrowError) in
      let predictor = try sketch(network, hidden, .int5, &parts)
      let down = try parts.sketchRows(hidden, network.width, .int5, .q5_0)
      return FeedForwardPlan(
        predictor: predictor, selector: .threshold(0.5), rest: .sketch(down: down))
    },
    network("gates") { network, _, _ throws(SparrowError) in
      network.gated
        ? FeedForwardPlan(predictor: .gate, selector: .topK(network.width / 3)) : nil
    },
    network("oracle") { network, _, _ throws(SparrowError) in
      FeedForwardPlan(predictor: .exact, selector: .threshold(0.1))
    },
  ]

  private static func sketch(
    _ network: FeedForwardDescription, _ hidden: Int, _ coding: SketchCoding,
    _ parts: inout RandomParts
  ) throws(SparrowError) -> FeedForwardPlan.Predictor {
    let rows = network.gated ? 2 * FeedForwardPlan.paddedNeurons(network.width) : network.width
    return .sketch(try parts.sketch(rows: rows, hidden: hidden, coding))
  }

  private static func network(_ name: String, _ make: @escaping Network) -> SamplePlan {
    SamplePlan(name: name) { model throws(SparrowError) in
      var parts = RandomParts(seed: 11)
      var plan = SparsePlan.dense
      for (layer, description) in model.layers.enumerated() {
        plan.networks[layer] = try make(description.feedForward, model.hidden, &parts)
      }
      return plan.networks.isEmpty ? nil : plan
    }
  }

  private static func attention(
    _ name: String,
    _ make:
      @escaping @Sendable (
        _ groups: Int, _ hidden: Int, _ parts: inout RandomParts
      ) throws(SparrowError) -> AttentionPlan
  ) -> SamplePlan {
    SamplePlan(name: name) { model throws(SparrowError) in
      var parts = RandomParts(seed: 13)
      var plan = SparsePlan.dense
      for (layer, description) in model.layers.enumerated()
      where description.attention.needsAllHeads == nil {
        let groups = description.attention.keyValueHeads
        plan.attention[layer] = try make(groups, model.hidden, &parts)
      }
      return plan.attention.isEmpty ? nil : plan
    }
  }

  private static func head(_ name: String, _ coding: SketchCoding) -> SamplePlan {
    SamplePlan(name: name) { model throws(SparrowError) in
      var parts = RandomParts(seed: 3)
      let sketch = try parts.sketch(
        rows: model.vocabulary, hidden: model.embeddingWidth, coding)
      let plan = VocabularyPlan(candidates: model.vocabulary / 4, kept: 8, doubt: 0)
      return SparsePlan(head: SketchedVocabulary(plan: plan, sketch: sketch))
    }
  }
}
