internal import SparrowCore
internal import SparrowTransformer

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
