internal import Sparrow
internal import SparrowCore
internal import SparrowEngine
internal import SparrowSparsity
internal import SparrowTransformer

extension FeedForwardCalibration {
  /// Sketches for a model that has learnt with top-k: layers, groups, common path and k are those
  /// of `plans`, and each token fetches `candidatesPerK` times k groups, of which the k greatest by
  /// exact activations are kept (HiRE, arXiv 2402.09360, algorithm 1).
  ///
  /// As in training a neuron's size is |activation|, whatever its column of down. The options'
  /// coding, rank and codes are read. Throws `.argument` for plans without top-k, `.cancelled`.
  /// Recall is measured on states of the dense model; the widest batch is not measured.
  static func sketches(
    _ recorder: LayerRecorder, layers: Range<Int>, model: Model, options: Options,
    learnt plans: [Int: FeedForwardPlan], candidatesPerK: Double, progress: Progress
  ) throws(SparrowError) -> Choice {
    var choice = Choice(layers: [:], widestBatch: 0, reports: [])
    for layer in layers {
      guard let plan = plans[layer] else { continue }
      try progress.report(
        layer - layers.lowerBound, of: layers.count, "fitting layer \(layer)")
      let network = try NetworkWeights(model, layer: layer, weighted: false)
      let record = recorder.layers[layer]
      let sketch = try sketch(network, record, options)
      let fetching = try plan.fetching(
        candidatesPerK, by: .sketch(sketch), neurons: network.description.width)
      let found = model.predict(
        .sketch(sketch), layer: layer, record.inputs, count: recorder.samples)
      choice.layers[layer] = fetching
      choice.reports.append(
        TwoStageRecall(fetching, width: network.description.width).report(
          layer: layer, scores: found.scores, activations: record.activations,
          lengths: network.lengths, samples: recorder.samples))
    }
    return choice
  }
}
