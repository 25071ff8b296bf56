internal import SparrowCore
internal import SparrowFormats

// A layer in adapter.json is {"layer": 3, "feed_forward": {...}, "attention": {...}, "inputs": {...}}, each part
// optional; the tensors of the first two begin with "layers.3.feed_forward." and "layers.3.attention.".

extension Adapter {
  package static func feedForwardName(_ layer: Int) -> String { "layers.\(layer).feed_forward" }
  package static func attentionName(_ layer: Int) -> String { "layers.\(layer).attention" }
  static func inputsName(_ layer: Int) -> String { "layers.\(layer).inputs" }

  /// The plans of all layers that have one; an adapter without "layers" has none.
  static func layers(
    _ fields: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> (
    feedForward: [Int: FeedForwardPlan], attention: [Int: AttentionPlan], inputs: [Int: InputPlan]
  ) {
    var networks: [Int: FeedForwardPlan] = [:]
    var attention: [Int: AttentionPlan] = [:]
    var inputs: [Int: InputPlan] = [:]
    var seen: Set<Int> = []
    for entry in try fields.optionalList("layers") {
      let layer = try entry.integer("layer", in: layerNumbers)
      guard seen.insert(layer).inserted else {
        throw SparrowError(
          .malformed, file: fields.file, field: "layers", found: "layer \(layer) twice",
          expected: "once")
      }
      let network = feedForwardName(layer)
      if let own = try entry.object("feed_forward", path: network) {
        let plan = try FeedForwardPlan(own, tensors: tensors, name: network)
        try plan.validateParts(file: fields.file, name: network)
        networks[layer] = plan
      }
      let heads = attentionName(layer)
      if let own = try entry.object("attention", path: heads) {
        let plan = try AttentionPlan(own, tensors: tensors, name: heads)
        try plan.validateParts(file: fields.file, name: heads)
        attention[layer] = plan
      }
      if let own = try entry.object("inputs", path: inputsName(layer)) {
        let plan = try InputPlan(own)
        try plan.validate(file: fields.file, name: inputsName(layer))
        inputs[layer] = plan
      }
    }
    return (networks, attention, inputs)
  }

  /// The entries of "layers", ascending.
  var layersJSON: JSON {
    .array(
      Set(layers.keys).union(attention.keys).union(inputs.keys).sorted().map { layer in
        var members: [(String, JSON)] = [("layer", .integer(layer))]
        if let plan = layers[layer] { members.append(("feed_forward", plan.json)) }
        if let plan = attention[layer] { members.append(("attention", plan.json)) }
        if let plan = inputs[layer] { members.append(("inputs", plan.json)) }
        return .object(members)
      })
  }
}
