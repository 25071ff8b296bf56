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
  /// coding, rank, codes and text are read. Throws `.argument` for plans without top-k and fewer
  /// candidates than k, and as `fit`. Costs a pass over the text; recall is measured on states of
  /// the dense model.
  static func sketches(
    model: Model, text: String, options: Options, learnt plans: [Int: FeedForwardPlan],
    candidatesPerK: Double, progress: Progress = .none
  ) throws(SparrowError) -> Choice {
    try options.validate(model.configuration)
    try SparsePlan(networks: plans).check(model.configuration, file: model.path)
    let pass = try TextPass(
      model, text: text, tokens: options.tokens, window: options.window,
      samples: LayerCalibration.samples)
    let recorder = LayerRecorder(pass) { _ in .nothing }
    try pass.run([recorder], progress: progress.part(0..<0.4))
    var choice = Choice(layers: [:], widestBatch: 0, reports: [])
    for (index, layer) in plans.keys.sorted().enumerated() {
      try progress.part(0.4..<0.8).report(index, of: plans.count, "fitting layer \(layer)")
      let network = try NetworkWeights(model, layer: layer, weighted: false)
      let record = recorder.layers[layer]
      let sketch = try sketch(network, record, options)
      let plan = try plans[layer]!.fetching(
        candidatesPerK, by: .sketch(sketch), neurons: network.description.width)
      let estimates = SketchPrediction.activations(
        sketch, network.description, inputs: record.inputs, samples: recorder.samples,
        pool: model.pool)
      choice.layers[layer] = plan
      choice.reports.append(
        TwoStageRecall(plan, width: network.description.width).report(
          layer: layer, scores: SketchPrediction.scores(estimates, samples: recorder.samples),
          activations: record.activations,
          lengths: network.lengths, samples: recorder.samples))
    }
    defer { try? model.install(.dense) }
    choice.widestBatch = try PlanChooser.widestBatch(
      choice.layers, model, progress: progress.part(0.8..<1, "measuring speed"))
    return choice
  }
}
