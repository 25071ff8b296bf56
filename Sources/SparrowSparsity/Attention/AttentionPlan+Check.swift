public import SparrowCore
public import SparrowTransformer

extension [Int: AttentionPlan] {
  /// Throws `.mismatch` for a layer that the model lacks, and what validating the plans throws.
  public func check(_ model: ModelConfiguration, file: String) throws(SparrowError) {
    for (layer, plan) in self {
      try plan.validate(
        file: file, name: Adapter.attentionName(layer),
        attention: try model.layer(layer, file: file).attention, hidden: model.hidden)
    }
  }
}
