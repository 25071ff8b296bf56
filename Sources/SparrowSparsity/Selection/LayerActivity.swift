public import SparrowCore
public import SparrowTransformer

/// What one sparse operation of one layer touched over a run.
public struct LayerActivity: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case feedForward = "feed-forward"
    case attention
    case attentionInputs = "inputs of q, k, v"
    case outputInputs = "inputs of attention's output"
    case networkInputs = "inputs of gate, up"
    case downInputs = "inputs of down"

    public init(_ input: LayerInput) {
      self =
        switch input {
        case .attention: .attentionInputs
        case .output: .outputInputs
        case .feedForward: .networkInputs
        case .down: .downInputs
        }
    }
  }

  public var layer: Int
  public var kind: Kind
  /// Groups of neurons, head groups, or inputs that the layer has.
  public var groups: Int
  /// Decoded tokens counted.
  public var steps: Int
  /// Groups selected, summed over steps.
  public var selected: Int
  /// Part of the truly greatest neurons, as many as were selected, that the selection holds, summed
  /// over steps; nil when not audited. Greatest by |activation| times the length of the neuron's
  /// column of down. Where a second stage chooses among candidates, part of what it would choose of
  /// all neurons that those hold.
  public var recallSum: Double?
  /// How often each group was selected, `[groups]`.
  public var counts: [Int32]

  public init(
    layer: Int, kind: Kind, groups: Int, steps: Int, selected: Int, recallSum: Double?,
    counts: [Int32]
  ) {
    self.layer = layer
    self.kind = kind
    self.groups = groups
    self.steps = steps
    self.selected = selected
    self.recallSum = recallSum
    self.counts = counts
  }

  /// Nothing counted yet; `recallSum` is 0 where recall will be.
  public init(layer: Int, kind: Kind, groups: Int, recallSum: Double? = nil) {
    self.init(
      layer: layer, kind: kind, groups: groups, steps: 0, selected: 0, recallSum: recallSum,
      counts: Array(repeating: 0, count: groups))
  }

  /// Counts one step's selection.
  public mutating func add(_ selection: some Sequence<Int32>) {
    steps += 1
    for group in selection {
      counts[Int(group)] += 1
      selected += 1
    }
  }

  /// Part of the groups that a step touched, on average.
  public var density: Double { Double(selected) / Double(max(steps * groups, 1)) }
  /// Mean recall a step; nil when not audited.
  public var recall: Double? { recallSum.map { $0 / Double(max(steps, 1)) } }

  public var json: JSON {
    [
      "layer": .integer(layer), "kind": .string(kind.rawValue), "groups": .integer(groups),
      "steps": .integer(steps), "density": .number(density),
      "recall": recall.map(JSON.number) ?? .null,
    ]
  }
}
