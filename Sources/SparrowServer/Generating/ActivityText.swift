import Sparrow

/// What tokens touched, as streams tell it: for each sparse part of a layer a digit for each range
/// of its groups.
struct ActivityText: Sendable {
  /// Ranges of a part at most.
  private static let ranges = 64
  private let networks: [Int: Int]
  private let attention: [Int: Int]

  init(_ model: Model) {
    let layers = model.configuration.layers
    networks = Dictionary(
      uniqueKeysWithValues: model.plan.networks.map { layer, plan in
        (layer, layers[layer].feedForward.width / max(plan.groupSize, 1))
      })
    attention = Dictionary(
      uniqueKeysWithValues: model.plan.attention.keys.map { layer in
        (layer, layers[layer].attention.keyValueHeads)
      })
  }

  /// The sparse parts of a model, its vocabulary head among them.
  func list(of model: Model) -> JSON {
    func parts(_ groups: [Int: Int], _ kind: JSON) -> [JSON] {
      groups.sorted { $0.key < $1.key }.map { layer, count in
        ["layer": .integer(layer), "kind": kind, "groups": .integer(count)]
      }
    }
    let head: [JSON] =
      model.plan.head == nil
      ? [] : [["kind": "head", "groups": .integer(model.configuration.vocabulary)]]
    return .array(parts(networks, "network") + parts(attention, "attention") + head)
  }

  /// Some tokens' activity.
  func json(_ tokens: [TokenActivity]) -> JSON {
    ["activity": .array(tokens.map { ["parts": .array(parts(of: $0))] })]
  }

  private func parts(of token: TokenActivity) -> [JSON] {
    var parts: [JSON] = []
    for layer in token.layers {
      if let groups = layer.groups, let count = networks[layer.layer] {
        parts.append(part(layer.layer, "network", groups, of: count))
      }
      if let heads = layer.heads, let count = attention[layer.layer] {
        parts.append(part(layer.layer, "attention", heads, of: count))
      }
    }
    return parts
  }

  private func part(_ layer: Int, _ kind: JSON, _ touched: [Int32], of count: Int) -> JSON {
    let ranges = min(Self.ranges, count)
    var counts = Array(repeating: 0, count: ranges)
    for group in touched where group < count { counts[Int(group) * ranges / count] += 1 }
    let digits = (0..<ranges).map { range in
      let size = (range + 1) * count / ranges - range * count / ranges
      return String(min(15, (15 * counts[range] + size / 2) / max(size, 1)), radix: 16)
    }
    return [
      "layer": .integer(layer), "kind": kind, "groups": .integer(count),
      "touched": .integer(touched.count), "bins": .string(digits.joined()),
    ]
  }
}
