package import SparrowTransformer

/// How one layer's feed-forward network chooses its neurons for a token.
///
/// A predictor scores groups of neurons, a selector picks groups from the scores, and only the
/// picked neurons' weights are read, unless `rest` says otherwise. With `kept` a second selector
/// looks at their exact activations, and only what it keeps reads the down matrix: HiRE's two
/// stages (arXiv 2402.09360, section 3.3).
public struct FeedForwardPlan: Sendable, Equatable {
  /// What turns the network's input into scores.
  public enum Predictor: Sendable, Equatable {
    /// HiRE: approximate products of gate and up, from which come approximate activations.
    ///
    /// Rows are those of gate, then from the next multiple of 64 on those of up; without a gate
    /// up's alone. A group's score is the sum of its neurons' |activation| (HiRE's L1).
    case sketch(RowSketch)
    /// Deja Vu: two linear maps; a neuron's (or group's) score.
    case lowRank(LinearPredictor)
    /// LTE: one linear map to logits of groups; the selector sees their sigmoid.
    case router(LinearPredictor)
    /// CATS (arXiv 2404.08763): the exact |activation(gate)|, for comparison; up and down are
    /// sparse.
    case gate
    /// The oracle: exact |activation|; only down is sparse.
    case exact
  }

  /// What the neurons give that a token does not select.
  ///
  /// Estimates go beyond the papers: what is good enough to choose neurons by is good enough for
  /// the small ones.
  public enum Rest: Sendable, Equatable {
    /// Nothing; their columns of down are not read.
    case nothing
    /// The activation that the sketch estimates: gate and up are read sparsely, down whole.
    case estimate
    /// The same by a sketch of down, `[hidden, neurons]`: all three matrices are read sparsely.
    case sketch(down: SketchRows)
  }

  public var predictor: Predictor
  /// What unselected neurons give; an estimate wants a sketch, no second selector and no lookahead.
  public var rest: Rest
  /// Neurons that are selected together: 1, 4, 8, 16 or 32.
  public var groupSize: Int
  public var selector: Selector
  /// Picks groups by the sum of their neurons' exact |activation|, beside the common path; nil
  /// keeps all but zeros. A threshold picks single neurons.
  public var kept: Selector?
  /// Neuron at each place, where groups are not runs of neighbours; empty where they are.
  public var order: [Int32]
  /// Groups that every token uses (HiRE's common path, eq 7), ascending; selectors choose among the
  /// others.
  public var common: [Int32]
  /// Scores come from the input of the layer before, so that predicting can overlap with its work
  /// (Deja Vu's latency code: the input of feed-forward network l tells neurons of l + 1). The
  /// first layer has none.
  public var lookahead: Bool
  /// Part of the neurons that a token selects on average, 0...1, as calibration measured it; nil if
  /// unknown.
  public var density: Float?

  public init(
    predictor: Predictor, selector: Selector, groupSize: Int = 1, kept: Selector? = nil,
    order: [Int32] = [], common: [Int32] = [], lookahead: Bool = false, density: Float? = nil,
    rest: Rest = .nothing
  ) {
    self.predictor = predictor
    self.rest = rest
    self.groupSize = groupSize
    self.selector = selector
    self.kept = kept
    self.order = order
    self.common = common
    self.lookahead = lookahead
    self.density = density
  }

  /// The name of the predictor in adapters, commands and reports.
  public var predictorName: String {
    switch predictor {
    case .sketch: "sketch"
    case .lowRank: "low_rank"
    case .router: "router"
    case .gate: "gate"
    case .exact: "exact"
    }
  }

  /// Whether unselected neurons keep what the sketch says of them.
  package var isRestEstimated: Bool { rest != .nothing }

  /// The matrices that predicting reads whole, where it is not cheaper than they are.
  package var readWhole: [WeightRole.Kind] {
    switch predictor {
    case .gate: [.gate]
    case .exact: [.gate, .up]
    case .sketch, .lowRank, .router: []
    }
  }

  /// Whether up is read for neurons alone whose gate is not zero.
  package func readsGatesFirst(_ network: FeedForwardDescription) -> Bool {
    guard network.activation.isSparse, !readsDownWhole else { return false }
    switch kept {
    case nil, .threshold: return true
    default: return false
    }
  }

  /// Whether all of down is read.
  package var readsDownWhole: Bool { rest == .estimate }

  /// Bytes that predicting, and what stands for down, read for a token, beyond the model's own
  /// matrices.
  public var predictorBytes: Int {
    let down = if case .sketch(let down) = rest { down.bytes.count } else { 0 }
    return switch predictor {
    case .sketch(let sketch): sketch.byteCount + down
    case .lowRank(let maps), .router(let maps): maps.byteCount
    case .gate, .exact: 0
    }
  }

  /// Scores that the predictor gives an input of a network of so many neurons.
  package func scoreCount(neurons: Int) -> Int {
    switch predictor {
    case .lowRank(let maps), .router(let maps): maps.bias.count
    case .sketch, .gate, .exact: neurons
    }
  }

  /// The group of each neuron by number, `[width]`; -1 for those of the common path.
  package func predictedGroups(width: Int) -> [Int32] {
    var groups = (0..<Int32(width / groupSize)).map { $0 }
    for group in common { groups[Int(group)] = -1 }
    var result = [Int32](repeating: -1, count: width)
    for place in 0..<width {
      result[order.isEmpty ? place : Int(order[place])] = groups[place / groupSize]
    }
    return result
  }

  /// Rows that the sketch of a network has for each of its matrices.
  public static func paddedNeurons(_ width: Int) -> Int {
    (width + RowSketch.blockRows - 1) / RowSketch.blockRows * RowSketch.blockRows
  }
}

extension FeedForwardPlan: LayerPlan {
  package var maps: LinearPredictor? {
    switch predictor {
    case .lowRank(let maps), .router(let maps): maps
    case .sketch, .gate, .exact: nil
    }
  }
  package var isRouter: Bool { if case .router = predictor { true } else { false } }
  package var scoresOwnResult: Bool { predictor == .gate || predictor == .exact }
}
