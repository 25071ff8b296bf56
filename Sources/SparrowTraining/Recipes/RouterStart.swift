internal import SparrowCalibration
package import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

/// Routers that calibration has fitted, for training to start from.
package struct RouterStart: Sendable {
  /// One layer's router; its logits are in the units of what it was fitted to.
  struct Layer: Sendable {
    /// Neuron at each place; empty where groups are runs of neighbours.
    let order: [Int32]
    /// `[groups, hidden]`
    let weights: [Float]
    /// `[groups]`
    let bias: [Float]
    let cut: Cut
    /// Part of the groups that a token selects.
    let density: Double
  }

  /// Which logits are selected.
  enum Cut: Sendable, Equatable {
    /// Those from this one on.
    case logit(Float)
    /// The greatest part of them, over tokens and groups.
    case part(Double)
  }

  package let groupSize: Int
  /// By layer; the others stay dense.
  let layers: [Int: Layer]
  private let source: StartingAdapter

  /// Reads an adapter's folder.
  ///
  /// With a `density` each layer selects that part of its groups; else what its plan has. Throws
  /// what reading throws, `.argument` for a density that is none, and `.unsupported` unless all of
  /// its networks have routers over groups of one size and nothing beside them.
  package init(_ folder: String, density: Double? = nil) throws(SparrowError) {
    if let density, !(density > 0 && density < 1) {
      throw SparrowError(
        .argument, field: "start density", found: "\(density)", expected: "above 0, below 1")
    }
    source = try StartingAdapter(folder)
    let plans = source.adapter.plan.networks
    let sizes = Set(plans.values.map(\.groupSize))
    guard let size = sizes.first, sizes.count == 1 else {
      throw Self.refusal(
        folder, "layers", sizes.isEmpty ? "no sparse networks" : "groups of several sizes",
        "routers over groups of one size")
    }
    var layers: [Int: Layer] = [:]
    for (layer, plan) in plans {
      layers[layer] = try Layer(
        plan, density: density, file: folder, name: SparsePlan.networkName(layer))
    }
    self.layers = layers
    groupSize = size
  }

  /// Part of the groups that a token selects: the mean over the layers that select.
  var density: Double { layers.values.reduce(0) { $0 + $1.density } / Double(layers.count) }

  /// Throws `.mismatch` where the routers were fitted to other weights or do not fit the model.
  func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {
    try source.check(model, base: base)
  }

  fileprivate static func refusal(
    _ file: String, _ field: String, _ found: String, _ expected: String
  ) -> SparrowError {
    SparrowError(
      .unsupported, file: file, field: field, found: found,
      expected: expected + ": sparrow calibrate networks --method router --groups 8 --every-layer")
  }
}

extension RouterStart: CustomStringConvertible {
  /// A hash of all that training takes over: part of the identity of a run.
  package var description: String {
    StartingAdapter.hash(
      layers.mapValues {
        ("\(groupSize) \($0.cut) \($0.order)", [$0.weights, $0.bias])
      })
  }
}

extension RouterStart.Layer {
  fileprivate init(
    _ plan: FeedForwardPlan, density wanted: Double?, file: String, name: String
  ) throws(SparrowError) {
    guard case .router(let maps) = plan.predictor else {
      throw RouterStart.refusal(file, name + ".predictor", plan.predictorName, "router")
    }
    guard !plan.lookahead, plan.kept == nil, plan.common.isEmpty else {
      throw RouterStart.refusal(
        file, name, "lookahead, kept or common groups", "a router and its selector alone")
    }
    order = plan.order
    weights = maps.b.values
    bias = maps.bias
    let own: (cut: RouterStart.Cut, density: Double?)
    switch plan.selector.onLogits {
    case .topK(let k), .bucketedTopK(let k, _, _), .statisticalTopK(let k):
      let part = min(1, Double(k) / Double(bias.count))
      own = (.part(part), part)
    case .threshold(let logit): own = (.logit(logit), plan.density.map(Double.init))
    }
    guard let density = wanted ?? own.density else {
      throw RouterStart.refusal(
        file, name + ".density", "a threshold of unknown density", "a plan that was calibrated")
    }
    self.density = density
    cut = wanted.map { .part($0) } ?? own.cut
  }
}

extension RouterStart.Layer {
  /// The logit that stands for a score of 0.5, of logits that rise.
  func cut(of logits: [Float], _ deviation: Float) -> Float {
    switch cut {
    case .logit(let logit): return logit
    case .part(let part):
      let place = logits.count - Int((part * Double(logits.count)).rounded())
      guard place > 0 else { return logits[0] - deviation }
      // In the middle between the last that is left out and the first that is selected.
      return (logits[place - 1] + logits[min(place, logits.count - 1)]) / 2
    }
  }
}
