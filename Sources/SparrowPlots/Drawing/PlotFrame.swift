/// A picture's size and the rectangle inside it that data is drawn in; draws axes around it.
struct PlotFrame {
  let width: Double
  let height: Double
  let left = 58.0
  let right = 22.0
  let top = 12.0
  let bottom = 44.0

  var plotWidth: Double { width - left - right }
  var plotHeight: Double { height - top - bottom }
  /// The rectangle's lower edge.
  var base: Double { height - bottom }

  /// A scale across the frame.
  func horizontal(_ values: [Double]) -> PlotScale {
    PlotScale(values, start: left, end: width - right)
  }

  /// A scale up the frame.
  func vertical(_ values: [Double]) -> PlotScale {
    PlotScale(values, start: base, end: top)
  }

  /// The vertical axis: a line across and a number for each tick, and what they mean, with its
  /// unit.
  func drawVertical(_ scale: PlotScale, label: String, into svg: inout SVG) {
    for tick in scale.ticks {
      let y = scale(tick)
      svg.line(left, y, width - right, y, style: "grid")
      svg.text(scale.label(tick), x: left - 6, y: y + 4, anchor: .end)
    }
    svg.text(label, x: 13, y: top + plotHeight / 2, anchor: .middle, turned: true)
  }

  /// The horizontal axis of a scale.
  func drawHorizontal(_ scale: PlotScale, label: String, into svg: inout SVG) {
    for tick in scale.ticks {
      let x = scale(tick)
      svg.line(x, base, x, base + 4, style: "axis")
      svg.text(scale.label(tick), x: x, y: base + 17, anchor: .middle)
    }
    drawBase(label: label, into: &svg)
  }

  /// The horizontal axis of numbered bands, `[count]`, as many numbers as there is room for.
  func drawBands(_ names: [Int], label: String, into svg: inout SVG) {
    let room = Double(names.map { "\($0)".utf8.count }.max() ?? 0) * 8 + 8
    let every = max(1, Int((room * Double(names.count) / plotWidth).rounded(.up)))
    for index in stride(from: 0, to: names.count, by: every) {
      let x = left + (Double(index) + 0.5) * plotWidth / Double(names.count)
      svg.text("\(names[index])", x: x, y: base + 17, anchor: .middle)
    }
    drawBase(label: label, into: &svg)
  }

  /// The lower edge, and what the horizontal axis means, with its unit.
  func drawBase(label: String, into svg: inout SVG) {
    svg.line(left, base, width - right, base, style: "axis")
    svg.text(label, x: left + plotWidth / 2, y: height - 8, anchor: .middle)
  }
}
