#if Training
  internal import SparrowCore
  internal import SparrowTransformer

  /// Moves the thresholds of all routers together, until held-out text is touched at a density.
  ///
  /// Steps measure the density of what they learn. Once routers rest the model moves on under them,
  /// and other text meets them less well, so that more is touched. A bias that is added to every
  /// router's logits is a threshold of its own; sigmoids stay cut at 0.5, as in every adapter.
  struct DensitySettling {
    /// Biases, by router.
    private let biases: [(name: String, value: Tensor)]
    private let density: TensorFunction
    private let batches: [Tensor]

    /// What the search ends at.
    struct Result {
      /// Biases by name.
      let biases: [(name: String, value: Tensor)]
      let density: Double
    }

    /// Of logits, either way: a score between 0.0003 and 0.9997.
    private static let reach: Float = 8
    private static let tolerance = 0.002
    private static let halvings = 14

    /// `model` selects as decoding does. Keeps `parameters` in its function; `batches` are tokens.
    init(
      _ model: SparseTransformer, _ parameters: Parameters, batches: [Tensor]
    ) throws(SparrowError) {
      let names = model.configuration.layers.indices.map(ParameterName.routerBias)
      biases = names.compactMap { name in parameters[name].map { (name, $0) } }
      self.batches = batches
      try Tensor.evaluate(parameters.tensors)
      let own = biases.map(\.name)
      density = .compiled { arguments in
        let current = parameters.merged(
          with: Parameters(names: own, tensors: arguments.prefix(own.count)))
        let (_, _, notes) = model.run(arguments[own.count], current)
        let densities = notes.compactMap(\.density)
        return [densities.reduce(Tensor(0), +) / Float(max(densities.count, 1))]
      }
    }

    /// The mean over layers and batches where `shift` is added to every logit.
    private func measure(_ shift: Float) throws(SparrowError) -> Double {
      var sum = 0.0
      for batch in batches {
        let results = density(biases.map { $0.value + shift } + [batch])
        try Tensor.evaluate(results)
        sum += Double(try results.first?.value() ?? .nan)
      }
      return sum / Double(max(batches.count, 1))
    }

    /// By bisection; as it is where it is near enough, so that settling twice changes nothing.
    func settled(at target: Double) throws(SparrowError) -> Result {
      var range = (low: -Self.reach, high: Self.reach)
      var shift: Float = 0
      var found = try measure(shift)
      var best = (shift: shift, density: found)
      for _ in 0..<Self.halvings {
        guard abs(best.density - target) > Self.tolerance else { break }
        if found > target { range.high = shift } else { range.low = shift }
        shift = (range.low + range.high) / 2
        found = try measure(shift)
        if abs(found - target) < abs(best.density - target) { best = (shift, found) }
      }
      let moved = biases.map { ($0.name, $0.value + best.shift) }
      try Tensor.evaluate(moved.map(\.1))
      return Result(biases: moved, density: best.density)
    }
  }
#endif
