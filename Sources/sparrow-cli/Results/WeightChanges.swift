import Sparrow
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

/// What an adapter changes of its base model's weights, as `sparrow info` prints it.
struct WeightChanges {
  private let updates: [WeightRole: LowRankUpdate]
  private let vectors: [WeightRole: [Float]]
  /// Updated matrices that are kept as Q8_0 since their own type has no quantiser.
  private let repacked: Int

  init(_ adapter: Adapter, _ binding: WeightBinding) {
    updates = adapter.updates.matrices
    vectors = adapter.updates.vectors
    repacked = updates.keys.count { role in
      let type = binding.matrix(role).entry.type
      return type != .q8_0 && LowRankUpdate.mergedType(type) == .q8_0
    }
  }

  private var ranks: (least: Int, most: Int) {
    let ranks = updates.values.map(\.rank)
    return (ranks.min() ?? 0, ranks.max() ?? 0)
  }

  private var bytes: Int { updates.values.reduce(0) { $0 + $1.byteCount } }

  /// None where the adapter changes no weights.
  var rows: [(String, String)] {
    var rows: [(String, String)] = []
    if !updates.isEmpty {
      let (least, most) = ranks
      let rank = least == most ? "\(least)" : "\(least) to \(most)"
      var text = "\(updates.count) matrices by rank \(rank), \(Quantity.bytes(bytes))"
      if repacked > 0 {
        text += "; \(repacked) of them packed as q8_0, since their type has no quantiser"
      }
      rows.append(("updates", text))
    }
    if !vectors.isEmpty { rows.append(("replaced", "\(vectors.count) norm weights and biases")) }
    return rows
  }

  var jsonMembers: [(key: String, value: JSON)] {
    guard !updates.isEmpty || !vectors.isEmpty else { return [] }
    return [
      (
        "updates",
        [
          "matrices": .integer(updates.count), "least_rank": .integer(ranks.least),
          "most_rank": .integer(ranks.most), "bytes": .integer(bytes),
          "packed_as_q8_0": .integer(repacked), "vectors": .integer(vectors.count),
        ]
      )
    ]
  }
}
