internal import CSparrowKernels
internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

/// Fits the predictors of one layer that are no sketches, and groups its neurons.
struct LayerFit {
  let model: Model
  let network: NetworkWeights
  let record: LayerRecorder.Layer
  /// The record of the layer before, for a predictor that looks ahead.
  let before: LayerRecorder.Layer?
  let samples: Int
  let options: FeedForwardCalibration.Options

  private var pool: WorkerPool { model.pool }
  private var width: Int { network.description.width }

  /// Neuron at each place; empty for groups of neighbours.
  var order: [Int32] {
    guard options.groupSize > 1 else { return [] }
    let features: FloatRows
    switch options.grouping {
    case .natural: return []
    case .weights: features = NeuronOrder.features(rowsOf: network)
    case .activity:
      features = NeuronOrder.features(activations: record.activations, samples: samples)
    }
    return NeuronOrder.clustered(
      features, groupSize: options.groupSize, seed: options.seed, pool: pool)
  }

  /// Deja Vu's: two maps. Throws `.argument` for maps that do not fill whole blocks of their type.
  func lowRank() throws(SparrowError) -> LayerPredictor {
    try linear(
      rank: options.rank == 0 ? max(32, network.rows.hidden / 4 / 32 * 32) : options.rank)
  }

  /// LTE's: one map. Throws as `lowRank()`.
  func router() throws(SparrowError) -> LayerPredictor { try linear(rank: nil) }

  private func linear(rank: Int?) throws(SparrowError) -> LayerPredictor {
    let order = order
    let source = before ?? record
    let targets: TargetMoments
    if options.fitsPreactivations(network.description) {
      let kind = network.description.gated ? WeightRole.Kind.gateBias : .upBias
      targets = TargetMoments(
        preactivationsOf: NeuronOrder.features(rowsOf: network),
        bias: model.backend.weights.vector(WeightRole(kind, layer: network.layer)),
        inputs: record.moments, cross: record.cross?.covariance(), pool: pool)
    } else {
      targets = TargetMoments(
        sizesOf: record.cross!, lengths: network.lengths, groupSize: options.groupSize,
        order: order)
    }
    let maps = try LinearFit(inputs: source.moments, pool: pool).predictor(
      of: targets, rank: rank, type: options.mapType)
    let predictor: FeedForwardPlan.Predictor = rank == nil ? .router(maps) : .lowRank(maps)
    let scores = model.predict(
      predictor, layer: network.layer, source.inputs, count: samples, groupSize: options.groupSize
    ).scores
    var result = LayerPredictor(
      predictor, groupScores: scores, samples: samples,
      groupSize: options.groupSize, order: order)
    result.isLookahead = before != nil
    if options.fitsPreactivations(network.description) {
      result.keepAlways(
        OutlierNeurons.find(
          greatest: Array(record.greatest.values), lengths: network.lengths))
    }
    if network.description.activation.isSparse {
      result.recallThreshold = RecallThreshold(
        scores: result.scores!, activations: record.activations, lengths: network.lengths,
        samples: samples, recall: options.recall)
    }
    return result
  }

  /// CATS (arXiv 2404.08763): |activation(gate)|. Throws `.unsupported` for a network without gate.
  func magnitude() throws(SparrowError) -> LayerPredictor {
    guard network.description.gated else {
      throw SparrowError(
        .unsupported, file: model.path, field: "layer \(network.layer)",
        found: "a network without gate", expected: "one with a gate for magnitudes")
    }
    let scores = model.predict(
      .gate, layer: network.layer, record.inputs, count: samples
    ).scores
    return LayerPredictor(.gate, neuronScores: scores, samples: samples)
  }

  /// The oracle: |activation|; of groups its sum, by which MoEfication (arXiv 2110.01786, section
  /// 3.3) says which experts a token needs.
  func exact() -> LayerPredictor {
    let scores = FloatRows(rows: samples, columns: width)
    for sample in 0..<samples {
      sk_sizes(record.activations[sample], scores[sample], Int32(width))
    }
    return LayerPredictor(
      .exact, neuronScores: scores, samples: samples, groupSize: options.groupSize, order: order)
  }
}

extension FeedForwardCalibration.Options {
  /// Whether linear maps tell pre-activations: where their sign tells what fires, and of single
  /// neurons; sums over groups tell nothing. All others tell |activation| times |column of down|.
  func fitsPreactivations(_ network: FeedForwardDescription) -> Bool {
    network.activation.isSparse && groupSize == 1
  }

  /// What is recorded for a network's linear maps.
  func crossing(_ network: FeedForwardDescription) -> LayerRecorder.Crossing {
    guard method == .lowRank || method == .router else { return .nothing }
    guard fitsPreactivations(network) else { return .activations(lookahead: lookahead) }
    return lookahead ? .inputsBefore : .nothing
  }
}
