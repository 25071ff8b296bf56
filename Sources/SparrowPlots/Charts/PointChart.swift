/// Named points with vertical errors.
package struct PointChart {
  package struct Point {
    let x: Double
    let y: Double
    /// One standard error of y.
    let error: Double
    let name: String
    /// What the others are compared with: drawn hollow.
    let isReference: Bool
    /// The tooltip.
    let title: String

    package init(
      x: Double, y: Double, error: Double, name: String, isReference: Bool, title: String
    ) {
      self.x = x
      self.y = y
      self.error = error
      self.name = name
      self.isReference = isReference
      self.title = title
    }
  }

  let points: [Point]
  /// What the axes mean, with units.
  let across: String
  let up: String

  package init(points: [Point], across: String, up: String) {
    self.points = points
    self.across = across
    self.up = up
  }

  package func svg(width: Double = 760, height: Double = 320) -> SVG {
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

/// Where names beside points have been written, so that the next does not cover them.
struct PlotLabels {
  private var placed: [(left: Double, right: Double, y: Double)] = []

  private static let lineHeight = 14.0
  /// A generous width of one character.
  private static let characterWidth = 7.0

  /// The baseline of a name that begins (or ends) at `x`: the nearest to `y` that is free, of a
  /// few.
  mutating func place(_ name: String, x: Double, y: Double, isRight: Bool) -> Double {
    let width = Double(name.count) * Self.characterWidth
    let (left, right) = isRight ? (x, x + width) : (x - width, x)
    func isFree(_ y: Double) -> Bool {
      !placed.contains {
        left < $0.right && $0.left < right && abs($0.y - y) < Self.lineHeight
      }
    }
    let places = [0.0, 2, -1, 3, -2, 4, -3].map { y + $0 * Self.lineHeight }
    let chosen = places.first(where: isFree) ?? y
    if !name.isEmpty { placed.append((left, right, chosen)) }
    return chosen
  }
}
