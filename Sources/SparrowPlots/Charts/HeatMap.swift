import SparrowCore

/// Rows of cells whose colours tell a share, with a legend.
package struct HeatMap {
  package struct Row {
    let name: Int
    /// From 0 to 1, `[columns]`.
    package let values: [Double]
    /// Tooltips without the value, `[columns]`.
    package let titles: [String]

    package init(name: Int, values: [Double], titles: [String]) {
      self.name = name
      self.values = values
      self.titles = titles
    }
  }

  package let rows: [Row]
  /// The columns' numbers, ascending.
  let columns: [Int]
  let across: String
  let up: String
  /// What the colours mean.
  let share: String

  package init(rows: [Row], columns: [Int], across: String, up: String, share: String) {
    self.rows = rows
    self.columns = columns
    self.across = across
    self.up = up
    self.share = share
  }

  package func svg(width: Double = 760) -> SVG {
    let rowHeight = min(24, max(6, 480 / Double(max(rows.count, 1))))
    let legend = 34.0
    let frame = PlotFrame(
      width: width, height: 12 + 44 + rowHeight * Double(rows.count))
    var svg = SVG(width: width, height: frame.height + legend, label: "\(share) by \(up)")
    let cellWidth = frame.plotWidth / Double(max(columns.count, 1))
    let most = rows.flatMap(\.values).max() ?? 0
    let scale = PlotScale([0, max(most * 100, 1)], start: 0, end: 1)
    for (index, row) in rows.enumerated() {
      let y = frame.top + Double(index) * rowHeight
      if index % max(1, Int(14 / rowHeight + 0.999)) == 0 {
        svg.text("\(row.name)", x: frame.left - 6, y: y + rowHeight / 2 + 4, anchor: .end)
      }
      for (column, value) in row.values.enumerated() {
        // Overlapping a little hides the seams that rounding leaves.
        svg.rect(
          x: frame.left + Double(column) * cellWidth, y: y,
          width: cellWidth + (column + 1 < columns.count ? 0.3 : 0), height: rowHeight,
          fill: ColorRamp.color(scale(value * 100)),
          title: "\(row.titles[column]): \(Quantity.fixed(value * 100, 1))%")
      }
    }
    svg.text(up, x: 13, y: frame.top + frame.plotHeight / 2, anchor: .middle, turned: true)
    frame.drawBands(columns, label: across, into: &svg)
    drawLegend(scale, top: frame.height, frame, into: &svg)
    return svg
  }

  private func drawLegend(
    _ scale: PlotScale, top: Double, _ frame: PlotFrame, into svg: inout SVG
  ) {
    let steps = 40
    let width = 200.0
    svg.text(share, x: frame.left, y: top + 11)
    let start = frame.width - frame.right - width - 16
    for step in 0..<steps {
      let part = Double(step) / Double(steps - 1)
      svg.rect(
        x: start + Double(step) * width / Double(steps), y: top,
        width: width / Double(steps) + 0.3, height: 12, fill: ColorRamp.color(part))
    }
    for tick in scale.ticks {
      svg.text(
        scale.label(tick) + "%", x: start + width * scale(tick), y: top + 27,
        anchor: .middle)
    }
  }
}

/// Colours from dark blue to yellow whose lightness rises evenly, the same for readers who see red
/// and green alike (cividis; Nunez, Anderton and Renslow 2018, PLoS ONE 13(7)).
enum ColorRamp {
  /// At even distances.
  private static let stops: [(red: Double, green: Double, blue: Double)] = [
    (0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115), (138, 134, 120),
    (165, 156, 116), (195, 179, 105), (225, 204, 85), (254, 232, 56),
  ]

  /// `#rrggbb` of a part from 0 to 1; parts outside are clamped.
  static func color(_ part: Double) -> String {
    let place = (part.isFinite ? min(1, max(0, part)) : 0) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let rest = place - Double(index)
    func mix(_ from: Double, _ to: Double) -> String {
      let text = String(Int((from + (to - from) * rest).rounded()), radix: 16)
      return text.utf8.count == 1 ? "0" + text : text
    }
    let (low, high) = (stops[index], stops[index + 1])
    return "#" + mix(low.red, high.red) + mix(low.green, high.green) + mix(low.blue, high.blue)
  }
}
