import SparrowSparsity
import SparrowTransformer

/// What parts of a decoding step of one row take on a device, by figures that an H200 gave: a
/// sparse part reads less in more launches.
///
/// Seconds. They depend on the plan, the model and the device alone, never on who shares a step.
struct StepCosts {
  /// Bytes a second.
  let bandwidth: Double
  let model: ModelConfiguration
  let weights: any WeightSizes

  /// A launch behind another one, and choosing among few.
  private static let launch = 2.3e-6
  private static let choice = 1e-6
  /// What ranking adds, and what each score adds to it.
  private static let ranking = (all: 3.2e-6, each: 0.4e-9)
  /// Of the bandwidth, what products reach, and what rows and columns that are chosen do.
  private static let products = 0.75
  private static let chosen = 0.5

  private func bytes(_ kinds: [WeightRole.Kind], _ layer: Int?) -> Double {
    kinds.reduce(0) { $0 + Double(weights.byteCount(of: WeightRole($1, layer: layer)) ?? 0) }
  }

  /// So many launches that read so many bytes.
  private func read(_ bytes: Double, _ share: Double, launches: Int) -> Double {
    Double(launches) * Self.launch + bytes / (bandwidth * share)
  }

  private func choose(_ selector: Selector, among groups: Int) -> Double {
    let scores = Double(groups) * Self.ranking.each
    if case .threshold = selector { return Self.launch + Self.choice + scores }
    return Self.launch + Self.choice + Self.ranking.all + scores
  }

  /// Part of the groups that a plan's selector picks, where nobody has measured it.
  private func density(_ plan: any LayerPlan, groups: Int) -> Double {
    if let density = plan.density { return Double(density) }
    switch plan.selector {
    case .topK(let k), .statisticalTopK(let k), .bucketedTopK(let k, _, _):
      return min(1, Double(k) / Double(max(groups, 1)))
    case .threshold: return 0.5
    }
  }

  private func predict(_ plan: any LayerPlan, _ bytes: Int) -> Double {
    let launches = plan.maps == nil ? 4 : plan.maps!.a == nil ? 1 : 2
    return read(Double(bytes), Self.products, launches: launches)
  }

  /// Whether a sparse network is expected to take less than the dense one.
  func pays(_ plan: FeedForwardPlan, layer: Int) -> Bool {
    let network = model.layers[layer].feedForward
    let groups = network.width / plan.groupSize
    let density = density(plan, groups: groups) + Double(plan.common.count) / Double(groups)
    let into = bytes([.gate, .up], layer)
    let down = bytes([.down], layer)
    let dense = read(into + down, Self.products, launches: 2)
    let part = min(1, density)
    var sparse =
      predict(plan, plan.predictorBytes)
      + read(bytes(plan.readWhole, layer), Self.products, launches: 0)
      + choose(plan.scoreSelector, among: groups)
      + read(part * (into - bytes(plan.readWhole, layer)), Self.chosen, launches: 1)
    sparse +=
      plan.readsDownWhole
      ? read(down, Self.products, launches: 1) : read(part * down, Self.chosen, launches: 1)
    if let kept = plan.kept, case .threshold = kept {
    } else if let kept = plan.kept {
      sparse += choose(kept, among: groups)
    }
    return sparse < dense
  }

  /// The same of attention, whatever the text: what its cache saves is not counted.
  func pays(_ plan: AttentionPlan, layer: Int) -> Bool {
    let attention = model.layers[layer].attention
    let groups = attention.keyValueHeads
    let keys: [WeightRole.Kind] = attention.isMultiHead ? [.key, .value] : []
    let part = min(1, density(plan, groups: groups))
    let all = bytes([.query, .output] + keys, layer)
    let dense = read(all, Self.products, launches: 2)
    let sparse =
      predict(plan, plan.predictorBytes) + choose(plan.scoreSelector, among: groups)
      + read(part * all, Self.chosen, launches: attention.isMultiHead ? 4 : 3)
    return sparse < dense
  }

  /// The same of matrices that read large inputs only.
  func pays(_ input: LayerInput, _ threshold: InputPlan.Threshold, layer: Int) -> Bool {
    let all = bytes(input.matrices, layer)
    let part = Double(threshold.density ?? 0.5)
    return choose(.threshold(0), among: 0) + read(part * all, Self.chosen, launches: 1)
      < read(all, Self.products, launches: 1)
  }

  /// The same of the vocabulary head.
  func pays(_ head: SketchedVocabulary) -> Bool {
    let all = Double(weights.byteCount(of: model.headRole) ?? 0)
    let rows = Double(head.plan.candidates * weights.rowBytes(of: model.headRole))
    let search =
      read(Double(head.sketch.byteCount), Self.products, launches: 4)
      + 2 * choose(.topK(0), among: head.sketch.blocks) + read(rows, Self.chosen, launches: 2)
    return search < read(all, Self.products, launches: 1)
  }
}

extension SparsePlan {
  /// What of it is expected to pay; the rest runs dense.
  func paying(_ costs: StepCosts) -> SparsePlan {
    guard costs.bandwidth > 0 else { return self }
    var plan = self
    if let head, !costs.pays(head) { plan.head = nil }
    plan.networks = networks.filter { costs.pays($0.value, layer: $0.key) }
    plan.attention = attention.filter { costs.pays($0.value, layer: $0.key) }
    for (layer, own) in inputs {
      let kept = own.thresholds.filter { costs.pays($0.key, $0.value, layer: layer) }
      plan.inputs[layer] = kept.isEmpty ? nil : InputPlan(kept)
    }
    return plan
  }
}
