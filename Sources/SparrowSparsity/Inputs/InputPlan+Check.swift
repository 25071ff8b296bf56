public import SparrowCore
public import SparrowTransformer

extension [Int: InputPlan] {
  /// Throws `.mismatch` for a layer that the model lacks or that another plan makes sparse already, and
  /// `.malformed` for thresholds that are no numbers.
  public func check(
    _ model: ModelConfiguration, layers: [Int: FeedForwardPlan], attention: [Int: AttentionPlan],
    file: String
  ) throws(SparrowError) {
    for (layer, plan) in sorted(by: { $0.key < $1.key }) {
      _ = try model.layer(layer, file: file)
      let name = Adapter.inputsName(layer)
      try plan.validate(file: file, name: name)
      for input in plan.thresholds.keys {
        let other =
          switch input {
          case .attention, .output: attention[layer] != nil
          case .feedForward, .down: layers[layer] != nil
          }
        guard !other else {
          throw SparrowError(
            .mismatch, file: file, field: "\(name).\(input.rawValue)",
            found: "another plan for the same matrices", expected: "one of them")
        }
      }
    }
  }
}

extension InputPlan {
  /// Throws `.malformed`, naming `file` and the field, unless all numbers are possible ones.
  func validate(file: String, name: String) throws(SparrowError) {
    for (input, threshold) in thresholds {
      let check = PlanCheck(file: file, name: "\(name).\(input.rawValue)")
      try check.require(
        threshold.value.isFinite, "threshold", threshold.value, "a finite number")
      if let density = threshold.density {
        try check.require((0...1).contains(density), "density", density, "0 to 1")
      }
    }
  }
}
