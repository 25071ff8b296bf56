/// One curve, or two that are compared.
package struct LineChart {
  package struct Series {
    let name: String
    /// Ascending in x; values that are not finite leave the curve out.
    let points: [(x: Double, y: Double)]

    package init(name: String, points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  let series: [Series]
  /// What the axes mean, with units.
  let across: String
  let up: String

  /// Traps for more than two series.
  package init(_ series: [Series], across: String, up: String) {
    precondition(series.count <= 2, "at most two curves")
    self.series = series
    self.across = across
    self.up = up
  }

  package func svg(width: Double = 760, height: Double = 240) -> SVG {
    let frame = PlotFrame(width: width, height: height)
    var svg = SVG(width: width, height: height, label: "\(up) by \(across)")
    let curves = series.map { Self.thinned($0.points, to: Int(frame.plotWidth / 2)) }
    let x = frame.horizontal(curves.joined().map(\.x))
    let y = frame.vertical(curves.joined().map(\.y))
    frame.drawVertical(y, label: up, into: &svg)
    frame.drawHorizontal(x, label: across, into: &svg)
    let styles = ["line", "line second"]
    for (curve, style) in zip(curves, styles) where !curve.isEmpty {
      svg.polyline(curve.map { (x($0.x), y($0.y)) }, style: style)
      // A single point draws no line.
      if curve.count == 1 {
        svg.circle(x: x(curve[0].x), y: y(curve[0].y), radius: 3.5, style: "point")
      }
    }
    if series.count > 1 { drawLegend(frame, styles, into: &svg) }
    return svg
  }

  /// In the upper right corner, where falling curves leave room.
  private func drawLegend(_ frame: PlotFrame, _ styles: [String], into svg: inout SVG) {
    for (index, curve) in series.enumerated() {
      let y = frame.top + 10 + 16 * Double(index)
      let end = frame.width - frame.right
      svg.line(end - 24, y - 4, end, y - 4, style: styles[index])
      svg.text(curve.name, x: end - 30, y: y, anchor: .end)
    }
  }

  /// At most `count` points: means of runs of neighbours, without those that are not finite.
  static func thinned(
    _ points: [(x: Double, y: Double)], to count: Int
  ) -> [(x: Double, y: Double)] {
    let finite = points.filter { $0.x.isFinite && $0.y.isFinite }
    guard finite.count > count else { return finite }
    return (0..<count).map { index in
      let run = finite[index * finite.count / count..<(index + 1) * finite.count / count]
      return (
        run.reduce(0) { $0 + $1.x } / Double(run.count),
        run.reduce(0) { $0 + $1.y } / Double(run.count)
      )
    }
  }
}
