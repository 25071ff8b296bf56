/// Bars from 0 to 1, one for each numbered band, with a line of points over them.
package struct BarChart {
  package struct Band {
    let name: Int
    /// From 0 to 1.
    let bar: Double
    /// From 0 to 1; nil where it was not measured.
    let point: Double?
    /// The tooltip.
    let title: String

    package init(name: Int, bar: Double, point: Double?, title: String) {
      self.name = name
      self.bar = bar
      self.point = point
      self.title = title
    }
  }

  let bands: [Band]
  /// What is counted along the horizontal and the vertical axis.
  let across: String
  let up: String

  package init(bands: [Band], across: String, up: String) {
    self.bands = bands
    self.across = across
    self.up = up
  }

  package func svg(width: Double = 760, height: Double = 240) -> SVG {
    let frame = PlotFrame(width: width, height: height)
    var svg = SVG(width: width, height: height, label: "\(up) by \(across)")
    let scale = frame.vertical([0, 1])
    frame.drawVertical(scale, label: up, into: &svg)
    let step = frame.plotWidth / Double(max(bands.count, 1))
    for (index, band) in bands.enumerated() {
      let y = scale(band.bar)
      svg.rect(
        x: frame.left + (Double(index) + 0.15) * step, y: y, width: step * 0.7,
        height: frame.base - y, style: "bar", title: band.title)
    }
    frame.drawBands(bands.map(\.name), label: across, into: &svg)
    let points = bands.enumerated().compactMap { index, band in
      band.point.map { (x: frame.left + (Double(index) + 0.5) * step, y: scale($0), band: band) }
    }
    if points.count > 1 { svg.polyline(points.map { ($0.x, $0.y) }, style: "line") }
    for point in points {
      svg.circle(x: point.x, y: point.y, radius: 3.5, style: "point", title: point.band.title)
    }
    return svg
  }
}
