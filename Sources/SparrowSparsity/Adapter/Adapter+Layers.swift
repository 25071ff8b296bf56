internal import SparrowCore
internal import SparrowFormats
internal import SparrowTransformer

// A layer in adapter.json is {"layer": 3, "feed_forward": {...}, "attention": {...}, "inputs":
// {...}}, each part optional; the tensors of the first two begin with "layers.3.feed_forward." and
// "layers.3.attention.".

extension Adapter {
  /// The numbers that layers may have.
  static let layerNumbers = 0...999

  /// The plans of all layers that have one; an adapter without "layers" has none.
  static func layers(
    _ fields: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> SparsePlan {
    var plans = SparsePlan()
    var seen: Set<Int> = []
    for entry in try fields.optionalList("layers") {
      let layer = try entry.integer("layer", in: layerNumbers)
      guard seen.insert(layer).inserted else {
        throw SparrowError(
          .malformed, file: fields.file, field: "layers", found: "layer \(layer) twice",
          expected: "once")
      }
      let network = SparsePlan.networkName(layer)
      if let own = try entry.object("feed_forward", path: network) {
        let plan = try FeedForwardPlan(own, tensors: tensors, name: network)
        try plan.validateParts(file: fields.file, name: network)
        plans.networks[layer] = plan
      }
      let heads = SparsePlan.attentionName(layer)
      if let own = try entry.object("attention", path: heads) {
        let plan = try AttentionPlan(own, tensors: tensors, name: heads)
        try plan.validateParts(file: fields.file, name: heads)
        plans.attention[layer] = plan
      }
      let large = SparsePlan.inputsName(layer)
      if let own = try entry.object("inputs", path: large) {
        let plan = try InputPlan(own)
        try plan.validate(file: fields.file, name: large)
        plans.inputs[layer] = plan
      }
    }
    return plans
  }
}

extension SparsePlan {
  /// The entries of "layers", ascending.
  var layersJSON: JSON {
    .array(
      Set(networks.keys).union(attention.keys).union(inputs.keys).sorted().map { layer in
        var members: [(String, JSON)] = [("layer", .integer(layer))]
        if let plan = networks[layer] { members.append(("feed_forward", plan.json)) }
        if let plan = attention[layer] { members.append(("attention", plan.json)) }
        if let plan = inputs[layer] { members.append(("inputs", plan.json)) }
        return .object(members)
      })
  }
}

extension LayerPlan {
  /// What `adapter.json` says of the shared parts.
  var sharedMembers: [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("predictor", .string(predictorName)), ("selector", selector.json),
    ]
    if lookahead { members.append(("lookahead", .bool(true))) }
    if let density { members.append(("density", .number(Double(density)))) }
    if let maps { members += maps.jsonMembers }
    return members
  }
}

extension InputPlan {
  /// Reads {"attention": {"threshold": 0.3, "density": 0.5}, ...}, each input optional.
  init(_ fields: AdapterFields) throws(SparrowError) {
    self.init([:])
    for input in LayerInput.allCases {
      guard let own = try fields.object(input.rawValue) else { continue }
      thresholds[input] = Threshold(
        try own.float("threshold"), density: try own.optionalFloat("density"))
    }
  }

  /// What `adapter.json` says of it.
  var json: JSON {
    .object(
      LayerInput.allCases.compactMap { input in
        guard let threshold = thresholds[input] else { return nil }
        var members: [(String, JSON)] = [("threshold", .number(Double(threshold.value)))]
        if let density = threshold.density { members.append(("density", .number(Double(density)))) }
        return (input.rawValue, .object(members))
      })
  }
}
