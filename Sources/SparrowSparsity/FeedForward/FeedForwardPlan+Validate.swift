public import SparrowCore
public import SparrowTransformer

extension FeedForwardPlan {
  /// Throws `.malformed`, naming `file` and the field, unless every part fits a network of this
  /// description and `hidden` inputs.
  public func validate(
    file: String, name: String, network: FeedForwardDescription, hidden: Int
  ) throws(SparrowError) {
    try validateParts(file: file, name: name)
    let check = PlanCheck(file: file, name: name)
    try check.require(
      network.width % groupSize == 0, "group", groupSize, "a divisor of \(network.width) neurons")
    let groups = network.width / groupSize
    try check.require(
      order.isEmpty || order.count == network.width, "order", "\(order.count) numbers",
      "\(network.width)")
    try check.require(
      common.allSatisfy { $0 < groups }, "common", "\(common.suffix(8))",
      "numbers below \(groups)")
    switch predictor {
    case .sketch(let sketch):
      let rows = Self.paddedNeurons(network.width) * (network.gated ? 2 : 1)
      // A single matrix is not padded.
      let fits = sketch.rowCount == rows || (!network.gated && sketch.rowCount == network.width)
      try check.require(
        fits && sketch.hidden == hidden, "sketch", "\(sketch.rowCount) x \(sketch.hidden)",
        "\(rows) x \(hidden)")
    case .lowRank(let maps), .router(let maps):
      try maps.validate(file: file, name: name, groups: groups, hidden: hidden)
    case .gate:
      try check.require(
        network.gated, "predictor", "gate", "another for a network without gate")
    case .exact: break
    }
    guard case .sketch(let down) = rest else { return }
    try check.require(
      down.directions == network.width && down.bytes.count == hidden * down.rowBytes, "down",
      "\(down.bytes.count) bytes of \(down.directions) neurons",
      "\(hidden) rows of \(network.width) neurons")
  }

  /// Throws `.malformed` unless the parts fit each other, whatever the network.
  func validateParts(file: String, name: String) throws(SparrowError) {
    let check = PlanCheck(file: file, name: name)
    try check.require(
      Selection.groupSizes.contains(groupSize), "group", groupSize, "1, 4, 8, 16 or 32")
    try validateShared(check)
    try kept?.validate(field: name + ".kept")
    var seen = [Bool](repeating: false, count: order.count)
    for neuron in order where seen.indices.contains(Int(neuron)) { seen[Int(neuron)] = true }
    try check.require(
      seen.allSatisfy { $0 }, "order", "\(order.count) numbers", "every neuron's number once")
    try check.require(
      (common.first ?? 0) >= 0 && zip(common, common.dropFirst()).allSatisfy(<), "common",
      "\(common.prefix(8))", "rising numbers")
    if case .sketch(let sketch) = predictor { try sketch.validate(file: file, name: name) }
    guard isRestEstimated else { return }
    try check.require(
      predictorName == "sketch", "rest", "estimates by \(predictorName)", "those of a sketch")
    try check.require(kept == nil, "kept", "a second selector", "none where the rest is estimated")
    try check.require(
      !lookahead, "lookahead", "true",
      "false where the rest is estimated: the layer before needs the memory")
    guard case .sketch(let down) = rest else { return }
    try check.require(
      down.coding.keepsColumns && down.directions % 32 == 0
        && down.bytes.count % max(1, down.rowBytes) == 0, "down",
      "\(down.coding.rawValue) of \(down.directions) neurons", "int4 or int5, whole blocks")
  }
}

extension FeedForwardPlan {
  /// This plan's top-k in HiRE's two stages: `predictor` picks `factor` times k candidates of a
  /// network of `neurons`, of which k are kept by their exact activations.
  ///
  /// Throws `.argument` where the plan keeps no top-k, or for a factor below 1.
  package func fetching(
    _ factor: Double, by predictor: Predictor, neurons: Int
  ) throws(SparrowError) -> FeedForwardPlan {
    guard case .topK(let k) = kept ?? selector else {
      throw SparrowError(
        .argument, field: "selector", found: "\(kept ?? selector)", expected: "top-k")
    }
    guard factor >= 1, factor.isFinite else {
      throw SparrowError(
        .argument, field: "candidates", found: "\(factor) times k", expected: "1 or more")
    }
    let groups = neurons / groupSize
    let candidates = Int(min((Double(k) * factor).rounded(), Double(groups - common.count)))
    var plan = self
    plan.predictor = predictor
    plan.selector = .topK(candidates)
    plan.kept = .topK(k)
    plan.density = Float(candidates + common.count) / Float(groups)
    return plan
  }
}
