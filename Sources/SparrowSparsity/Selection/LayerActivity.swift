public import SparrowCore

/// What one sparse operation of one layer touched over a run.
public struct LayerActivity: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case feedForward = "feed-forward"
    case attention
  }

  public var layer: Int
  public var kind: Kind
  /// Groups of neurons, or head groups, that the layer has.
  public var groups: Int
  /// Decoding steps counted.
  public var steps: Int
  /// Groups selected, summed over steps.
  public var selected: Int
  /// Recall of the true top k, k being the number selected, summed over steps; nil when not audited.
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
