import SparrowPlots
import SparrowSparsity

/// Which groups of which layers a text touches, as a heat map of bounded size.
enum ActivityMap {
  /// Cells of all maps of a page together: at about 130 bytes each they keep it below 500 kB.
  static let pageCells = 3000

  /// The most columns, up to 128, with which maps of these layers keep to a page's cells.
  static func columns(for maps: [[LayerActivity]]) -> Int {
    func cells(_ columns: Int) -> Int {
      maps.reduce(0) { $0 + $1.count * min(groups(of: $1), columns) }
    }
    return stride(from: 128, to: 1, by: -1).first { cells($0) <= pageCells } ?? 1
  }

  /// Neighbouring groups share a cell so that there are at most `columns`.
  static func map(_ layers: [LayerActivity], columns most: Int) -> HeatMap {
    let groups = groups(of: layers)
    let columns = max(1, min(groups, most))
    let isUniform = layers.allSatisfy { $0.groups == groups }
    return HeatMap(
      rows: layers.map { row($0, columns: columns) },
      columns: (0..<columns).map { $0 * groups / columns },
      across: isUniform ? "group" : "group of the widest layer; others are stretched", up: "layer",
      share: "part of the tokens that touch a group")
  }

  private static func groups(of layers: [LayerActivity]) -> Int { layers.map(\.groups).max() ?? 0 }

  private static func row(_ layer: LayerActivity, columns: Int) -> HeatMap.Row {
    var values: [Double] = []
    var titles: [String] = []
    for column in 0..<columns {
      // A layer with fewer groups than there are columns shows a group in several.
      let first = min(column * layer.groups / columns, max(layer.counts.count - 1, 0))
      let end = min(
        max((column + 1) * layer.groups / columns, first + 1), layer.counts.count)
      let sum = layer.counts[first..<max(first, end)].reduce(0) { $0 + Int($1) }
      values.append(Double(sum) / Double(max(layer.steps * (end - first), 1)))
      let name = end - first > 1 ? "groups \(first) to \(end - 1)" : "group \(first)"
      titles.append("layer \(layer.layer), \(name)")
    }
    return HeatMap.Row(name: layer.layer, values: values, titles: titles)
  }
}
