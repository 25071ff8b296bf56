/// Where the members of fused tensors lie in them.
struct FusedLayouts {
  /// Rows of the whole tensor, and the role's own.
  typealias Layout = (total: Int, rows: RowRuns)

  private var layouts: [WeightRole: Layout] = [:]

  init(_ configuration: ModelConfiguration, _ names: WeightNames) {
    let weights = configuration.expectedWeights
    let heights = Dictionary(weights.map { ($0.role, $0.shape[0]) }) { first, _ in first }
    for role in heights.keys {
      guard let layer = role.layer, let name = names[role.kind], !name.members.isEmpty else {
        continue
      }
      let attention = configuration.layers[layer].attention
      let turns =
        switch name.turns {
        case .whole: 1
        case .byKeyValueHead: attention.keyValueHeads
        case .byHead: attention.heads
        }
      let lengths = name.members.map { heights[WeightRole($0, layer: layer)] ?? 0 }
      let total = lengths.reduce(0, +)
      let before = zip(name.members, lengths).prefix { $0.0 != role.kind }.reduce(0) { $0 + $1.1 }
      layouts[role] = (
        total,
        RowRuns(
          first: before / turns, length: heights[role]! / turns, stride: total / turns, runs: turns)
      )
    }
  }

  /// nil for a tensor of one role.
  subscript(role: WeightRole) -> Layout? { layouts[role] }
}
