public import SparrowCore
public import SparrowTransformer

extension Adapter {
  /// Throws `.mismatch`, naming `file`, unless all of its plans, updates and vectors fit the model.
  public func check(_ binding: WeightBinding, file: String) throws(SparrowError) {
    try layers.check(binding.configuration, file: file)
    try attention.check(binding.configuration, file: file)
    try inputs.check(binding.configuration, layers: layers, attention: attention, file: file)
    try updates.check(binding, file: file)
    try vectors.check(binding, file: file)
  }
}
