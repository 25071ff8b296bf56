#if Training
  package import SparrowCore
  internal import SparrowSparsity
  package import SparrowTransformer

  /// Learn-To-be-Efficient (arXiv 2402.06126): routers learn which groups of neurons a token needs, then the
  /// model adapts to what they leave out.
  package struct LTERecipe: Sendable {
    package var groupSize = 32
    /// Fitted routers to begin with; nil begins with small random ones, which throw groups away at random.
    package var start: RouterStart?
    /// Steers eta, which begins at `eta`; nil leaves it there.
    package var targetDensity: Double? = 0.5
    package var eta = 0.01
    /// The part of the routers' steps in which the target comes from the start's density to `targetDensity`.
    package var ramp = 0.0
    /// Lambda of L_sep. As printed it is a wall: a router that starts above 0.5 never crosses it. 0 with hard
    /// gates, 0.5 in the paper.
    package var separation: Float = 0
    /// The paper's stage 1 multiplies by soft scores; otherwise gates are hard from the start and routers learn
    /// through a straight-through gradient, so that both stages see what decoding runs.
    package var isSoft = false
    /// The part of the steps in which routers learn.
    package var routerShare = 0.55
    /// Weight of KL to the dense self, beside `task` of the next token's loss.
    package var distillation: Float = 1
    package var task: Float = 0.1
    /// Weight of what routers' selection loses of each network's dense result.
    package var local: Float = 0
    package var loraRank = 0
    package var steps = 1000
    package var rate = 3e-4
    /// Of routers; nil is `rate`.
    package var routerRate: Double?
    package var warmUp = 50

    package init() {}

    /// Throws `.argument` for what cannot be trained.
    package func validate(_ model: ModelConfiguration) throws(SparrowError) {
      func refuse(_ field: String, _ found: String, _ expected: String) -> SparrowError {
        SparrowError(.argument, field: field, found: found, expected: expected)
      }
      guard groupSize > 1, Selection.groupSizes.contains(groupSize) else {
        throw refuse("groups", "\(groupSize)", "4, 8, 16 or 32 neurons")
      }
      for (index, layer) in model.layers.enumerated()
      where layer.feedForward.width % groupSize != 0 {
        throw refuse(
          "groups", "\(groupSize)",
          "a divisor of the \(layer.feedForward.width) neurons of layer \(index)")
      }
      if let start, start.groupSize != groupSize {
        throw refuse("groups", "\(groupSize)", "\(start.groupSize) neurons, as the start has")
      }
      guard ramp == 0 || (ramp > 0 && ramp <= 1 && start != nil && targetDensity != nil) else {
        throw refuse("ramp", "\(ramp)", "0 to 1, from a start to a target density")
      }
      if let routerRate, !(routerRate >= 0 && routerRate.isFinite && rate > 0) {
        throw refuse(
          "router rate", "\(routerRate) with a rate of \(rate)", "0 or more, with a rate above 0")
      }
      guard steps > 0 else { throw refuse("steps", "\(steps)", "1 or more") }
      guard routerShare > 0, routerShare <= 1 else {
        throw refuse("router share", "\(routerShare)", "above 0, at most 1")
      }
      for (field, weight) in [("eta", eta), ("local", Double(local))]
      where !(weight >= 0 && weight.isFinite) {
        throw refuse(field, "\(weight)", "0 or more")
      }
      guard task + distillation > 0 else { throw refuse("task", "no loss", "a weight above 0") }
    }

    /// Puts neurons into their groups and adds `routers` (and LoRA's factors).
    package func prepare(
      _ parameters: inout Parameters, orders: [[Int32]], routers: Parameters, seed: UInt64
    ) {
      for (index, order) in orders.enumerated() { parameters.permute(index, order: order) }
      parameters = parameters.merged(with: routers)
      if loraRank > 0 {
        parameters = parameters.merged(
          with: LoRA.start(
            parameters, layers: orders.count, rank: loraRank, seed: seed &+ 104_729))
      }
    }

    /// Routers that start small, so that all scores stand near 0.5.
    package func randomRouters(_ model: ModelConfiguration, seed: UInt64) -> Parameters {
      var routers = Parameters()
      for (index, layer) in model.layers.enumerated() {
        let groups = layer.feedForward.width / groupSize
        routers[ParameterName.router(index)] =
          Tensor.normal(
            [groups, model.hidden], key: .randomKey(seed &+ 7919 &+ UInt64(index)))
          * (0.1 / Float(model.hidden).squareRoot())
        routers[ParameterName.routerBias(index)] = Tensor.full([groups], 0.05)
      }
      return routers
    }
  }
#endif
