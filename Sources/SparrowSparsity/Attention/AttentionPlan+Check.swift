public import SparrowCore
public import SparrowTransformer

extension [Int: AttentionPlan] {
  /// Throws `.mismatch` for a layer that the model lacks, and what validating the plans throws.
  public func check(_ model: ModelConfiguration, file: String) throws(SparrowError) {
    for (layer, plan) in self {
      guard model.layers.indices.contains(layer) else {
        throw SparrowError(
          .mismatch, file: file, field: "layers", found: "layer \(layer)",
          expected: "0 to \(model.layers.count - 1)")
      }
      try plan.validate(
        file: file, name: Adapter.attentionName(layer), attention: model.layers[layer].attention,
        hidden: model.hidden)
    }
  }
}
