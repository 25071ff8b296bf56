internal import SparrowCore
internal import SparrowTransformer

extension ModelConfiguration {
  /// The layer that a plan is for. Throws `.mismatch`, naming `file`, where the model lacks it.
  func layer(_ index: Int, file: String) throws(SparrowError) -> LayerDescription {
    guard layers.indices.contains(index) else {
      throw SparrowError(
        .mismatch, file: file, field: "layers", found: "layer \(index)",
        expected: "0 to \(layers.count - 1)")
    }
    return layers[index]
  }
}
