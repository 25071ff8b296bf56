public import SparrowCore
public import SparrowTransformer

extension SparsePlan {
  /// Throws `.mismatch`, naming `file`, for a part of another size than the model has, for a layer
  /// that it lacks, and for inputs whose matrices another part makes sparse; what validating the
  /// parts throws.
  public func check(_ model: ModelConfiguration, file: String) throws(SparrowError) {
    try head?.check(model, file: file)
    func layer(_ index: Int) throws(SparrowError) -> LayerDescription {
      guard model.layers.indices.contains(index) else {
        throw SparrowError(
          .mismatch, file: file, field: "layers", found: "layer \(index)",
          expected: "0 to \(model.layers.count - 1)")
      }
      return model.layers[index]
    }
    for (index, plan) in networks.inOrder {
      try plan.validate(
        file: file, name: Self.networkName(index), network: try layer(index).feedForward,
        hidden: model.hidden)
    }
    for (index, plan) in attention.inOrder {
      try plan.validate(
        file: file, name: Self.attentionName(index), attention: try layer(index).attention,
        hidden: model.hidden)
    }
    for (index, plan) in inputs.inOrder {
      _ = try layer(index)
      try plan.validate(file: file, name: Self.inputsName(index))
      for input in plan.thresholds.keys where isSparse(input, layer: index) {
        throw SparrowError(
          .mismatch, file: file, field: "\(Self.inputsName(index)).\(input.rawValue)",
          found: "another plan for the same matrices", expected: "one of them")
      }
    }
  }

  /// Whether another part than the inputs makes the matrices that read this input sparse.
  private func isSparse(_ input: LayerInput, layer: Int) -> Bool {
    switch input {
    case .attention, .output: attention[layer] != nil
    case .feedForward, .down: networks[layer] != nil
    }
  }

  // Errors and adapters name the parts of a layer so.
  package static func networkName(_ layer: Int) -> String { "layers.\(layer).feed_forward" }
  package static func attentionName(_ layer: Int) -> String { "layers.\(layer).attention" }
  static func inputsName(_ layer: Int) -> String { "layers.\(layer).inputs" }
}

extension Dictionary where Key == Int {
  /// By rising layer, so that of several faults the first is told.
  var inOrder: [(key: Int, value: Value)] { sorted { $0.key < $1.key } }
}
