import SparrowSparsity
import SparrowTransformer

/// What parts of a decoding step take on a device, by figures that an H200 gave: a sparse part
/// reads less in more launches.
///
/// Seconds. They depend on the plan, the model, the device and the rows that steps are expected to
/// have, never on who shares a step.
struct StepCosts {
  /// Bytes a second.
  let bandwidth: Double
  let model: ModelConfiguration
  let weights: any WeightSizes
  /// Of the steps that are to pay.
  var rows = 1
  /// The dense step of a row is one kernel, which a sparse layer's launches cannot be part of.
  var isOneKernel = false

  /// A launch behind another one, and choosing among few.
  private static let launch = 2.3e-6
  private static let choice = 1e-6
  /// What ranking adds, and what each score adds to it.
  private static let ranking = (all: 3.2e-6, each: 0.4e-9)
  /// What chosen heads took beyond their launches and bytes, a layer of OPT-6.7B or OPT-30B.
  private static let heads = 25e-6
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

  /// How alike the rows of a step choose: how often each neuron is chosen is spread over neurons
  /// as a beta distribution whose parameters add up to this. Polar Sparsity's unions of 2 to 16
  /// rows (arXiv 2505.14884) are met within a tenth at 6.7B, and overrated by up to a quarter at
  /// 30B.
  private static let likeness = 2.0

  /// Part that the rows of a step choose together, where each chooses a part `density`.
  func union(_ density: Double) -> Double {
    var left = 1.0
    for row in 0..<rows {
      left *= (Self.likeness * (1 - density) + Double(row)) / (Self.likeness + Double(row))
    }
    return 1 - left
  }

  /// What predicts from the layer before runs beside it: it takes what it reads, and a launch's
  /// time to come together.
  private func predict(_ plan: any LayerPlan, _ bytes: Int) -> Double {
    if plan.lookahead { return read(Double(bytes), Self.products, launches: 1) }
    let launches = plan.maps == nil ? 4 : plan.maps!.a == nil ? 1 : 2
    return multiply(Double(bytes), launches: launches)
  }

  /// Products with all rows; several rows are prepared first.
  private func multiply(_ bytes: Double, launches: Int) -> Double {
    read(bytes, Self.products, launches: rows == 1 ? launches : 2 * launches)
  }

  /// What a part takes, as it is and sparsely.
  struct Part {
    let dense: Double
    let sparse: Double
  }

  func part(_ plan: FeedForwardPlan, layer: Int) -> Part {
    let network = model.layers[layer].feedForward
    let groups = network.width / plan.groupSize
    let density = density(plan, groups: groups) + Double(plan.common.count) / Double(groups)
    let into = bytes([.gate, .up], layer)
    let down = bytes([.down], layer)
    let part = union(min(1, density))
    let whole = bytes(plan.readWhole, layer)
    var sparse = predict(plan, plan.predictorBytes)
    sparse += read(whole, Self.products, launches: 0)
    if !plan.lookahead { sparse += choose(plan.scoreSelector, among: groups) }
    sparse += read(part * (into - whole), Self.chosen, launches: rows == 1 ? 1 : 2)
    sparse +=
      plan.readsDownWhole
      ? multiply(down, launches: 1) : read(part * down, Self.chosen, launches: 1)
    if let kept = plan.kept, case .threshold = kept {
    } else if let kept = plan.kept {
      sparse += choose(kept, among: groups)
    }
    return Part(dense: multiply(into + down, launches: 2), sparse: sparse)
  }

  /// Whatever the text: what a cache saves is not counted. Queries, keys and values that several
  /// rows choose are read for each.
  func part(_ plan: AttentionPlan, layer: Int) -> Part {
    let attention = model.layers[layer].attention
    let groups = attention.keyValueHeads
    let own = min(1, density(plan, groups: groups))
    // Rows choose heads by what they read, each by itself.
    let together = 1 - pow(1 - own, rows)
    let keys: [WeightRole.Kind] = attention.isMultiHead ? [.key, .value] : []
    let projected = bytes([.query] + keys, layer)
    let output = bytes([.output], layer)
    let touched = Double(rows) * own * projected + together * output
    var sparse = Self.heads + predict(plan, plan.predictorBytes)
    if !plan.lookahead { sparse += choose(plan.scoreSelector, among: groups) }
    sparse += read(touched, Self.chosen, launches: attention.isMultiHead ? 4 : 3)
    return Part(dense: multiply(projected + output, launches: 2), sparse: sparse)
  }

  /// Whether a sparse network is expected to take less than the dense one.
  func pays(_ plan: FeedForwardPlan, layer: Int) -> Bool {
    let part = part(plan, layer: layer)
    return part.sparse < part.dense
  }

  /// The same of attention.
  func pays(_ plan: AttentionPlan, layer: Int) -> Bool {
    let part = part(plan, layer: layer)
    return part.sparse < part.dense
  }

  /// How many times faster than a dense step one of a plan's layers is expected to be, `context`
  /// tokens before its rows.
  func speedup(_ plan: SparsePlan, context: Int) -> Double {
    var (dense, saved) = (multiply(bytes([model.headRole.kind], nil), launches: 1), 0.0)
    for layer in model.layers.indices {
      let attention = model.layers[layer].attention
      // Norms and attention itself.
      let cache = 4 * rows * context * attention.keyValueHeads * attention.headDimension
      dense += multiply(
        bytes([.query, .key, .value, .output, .gate, .up, .down], layer), launches: 4)
      dense += read(Double(cache), Self.chosen, launches: 3)
      for part in [
        plan.networks[layer].map({ part($0, layer: layer) }),
        plan.attention[layer].map({ part($0, layer: layer) }),
      ] {
        saved += part.map { $0.dense - $0.sparse } ?? 0
      }
    }
    return dense / (dense - saved)
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

/// x multiplied by itself so often.
private func pow(_ x: Double, _ count: Int) -> Double { (0..<count).reduce(1) { y, _ in y * x } }

extension SparsePlan {
  /// What of it is expected to pay; the rest runs dense.
  func paying(_ costs: StepCosts) -> SparsePlan {
    guard costs.bandwidth > 0 else { return self }
    var plan = self
    if let head, !costs.pays(head) { plan.head = nil }
    if costs.isOneKernel {
      (plan.networks, plan.attention, plan.inputs) = ([:], [:], [:])
      return plan
    }
    plan.networks = networks.filter { costs.pays($0.value, layer: $0.key) }
    plan.attention = attention.filter { costs.pays($0.value, layer: $0.key) }
    for (layer, own) in inputs {
      let kept = own.thresholds.filter { costs.pays($0.key, $0.value, layer: layer) }
      plan.inputs[layer] = kept.isEmpty ? nil : InputPlan(kept)
    }
    return plan
  }
}
