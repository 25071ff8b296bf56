internal import SparrowCore
internal import SparrowTransformer

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
