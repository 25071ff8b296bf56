public import SparrowTransformer

/// What part of everything that is sparse a token touches: as planned, or on average as measured.
///
/// What is not known is missing.
public struct Touched: Sendable, Equatable {
  /// Parts of a network's neurons.
  public struct Neurons: Sendable, Equatable {
    public var selected: Double
    /// Whose column of down is read.
    public var columns: Double

    public init(selected: Double, columns: Double) {
      self.selected = selected
      self.columns = columns
    }
  }

  /// Parts of a layer's head groups.
  public struct Heads: Sendable, Equatable {
    public var selected: Double
    /// Whose keys and values are made.
    public var made: Double

    public init(selected: Double, made: Double) {
      self.selected = selected
      self.made = made
    }
  }

  /// By layer.
  public var networks: [Int: Neurons] = [:]
  public var attention: [Int: Heads] = [:]
  /// Parts of the inputs.
  public var inputs: [InputSource: Double] = [:]
  /// Rows of the vocabulary head with exact logits.
  public var headRows: Double?

  public init() {}
}

extension SparsePlan {
  /// What a token touches as the plan's calibration found it.
  public func touched(_ model: ModelConfiguration) -> Touched {
    var touched = Touched()
    touched.networks = networks.compactMapValues { plan in
      plan.density.map { .init(selected: Double($0), columns: Double($0)) }
    }
    for (layer, plan) in attention {
      guard let density = plan.density.map(Double.init) else { continue }
      // A skipped head makes up for it in one go, in its turn at the latest.
      let isLate = model.layers[layer].attention.isMultiHead
      touched.attention[layer] = .init(
        selected: density,
        made: isLate ? density + (1 - density) / Double(CatchUp.positions) : 1)
    }
    for (layer, plan) in inputs {
      for (input, threshold) in plan.thresholds {
        touched.inputs[InputSource(layer: layer, input: input)] = threshold.density.map(Double.init)
      }
    }
    touched.headRows = head.map { Double($0.plan.candidates) }
    return touched
  }
}
