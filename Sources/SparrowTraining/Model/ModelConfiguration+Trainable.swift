#if Training
  import SparrowCore
  import SparrowTransformer

  extension ModelConfiguration {
    /// Throws `.unsupported` for what the trainer's model does not compute.
    func requireTrainable(file: String) throws(SparrowError) {
      let reason: String? =
        if longRotaryBeyond != nil {
          "positions that turn otherwise in long sequences"
        } else if rotaries.contains(where: { $0.frequencies.contains(0) }) {
          "positions that turn in part"
        } else if layers.contains(where: \.attention.isGated) {
          "gates on attention's results"
        } else if layers.contains(where: { $0.attention.valueNorm != nil }) {
          "norms on values"
        } else if layers.contains(where: \.isScaled) {
          "layers with a factor"
        } else {
          nil
        }
      guard let reason else { return }
      throw SparrowError(
        .unsupported, file: file, field: "training", found: reason,
        expected: "a model without that: such models can be decoded, not trained")
    }
  }
#endif
