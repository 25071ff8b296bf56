/// Named points with vertical errors.
struct PointChart {
  struct Point {
    let x: Double
    let y: Double
    /// One standard error of y.
    let error: Double
    let name: String
    /// What the others are compared with: drawn hollow.
    let isReference: Bool
    /// The tooltip.
    let title: String
  }

  let points: [Point]
  /// What the axes mean, with units.
  let across: String
  let up: String

  func svg(width: Double = 760, height: Double = 320) -> SVG {
    let frame = PlotFrame(width: width, height: height)
    var svg = SVG(width: width, height: height, label: "\(up) against \(across)")
    // Speeds are compared from 0, or a small gain looks like a great one.
    let x = frame.horizontal([0] + points.map(\.x))
    let ends = points.flatMap { [$0.y - $0.error, $0.y + $0.error] }.filter(\.isFinite)
    let (least, most) = (ends.min() ?? 0, ends.max() ?? 0)
    // Room for a point at the edge and its name.
    let room = (most - least) / 8
    let y = frame.vertical([least - room, most + room])
    frame.drawVertical(y, label: up, into: &svg)
    frame.drawHorizontal(x, label: across, into: &svg)
    var names = PlotLabels()
    for point in points where point.x.isFinite && point.y.isFinite {
      let (px, py) = (x(point.x), y(point.y))
      if point.error > 0 {
        svg.line(px, y(point.y - point.error), px, y(point.y + point.error), style: "error")
      }
      svg.circle(
        x: px, y: py, radius: 5.5, style: point.isReference ? "reference" : "point",
        title: point.title)
      // Beside the point, on the side that has room.
      let isRight = px < frame.left + frame.plotWidth * 0.7
      let start = isRight ? px + 10 : px - 10
      svg.text(
        point.name, x: start,
        y: names.place(point.name, x: start, y: py - 8, isRight: isRight),
        anchor: isRight ? .start : .end)
    }
    return svg
  }
}
