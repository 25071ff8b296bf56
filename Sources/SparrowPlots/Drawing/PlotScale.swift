import SparrowCore

/// A linear scale from values to pixels, its ends at round ticks.
struct PlotScale: Equatable {
  let lower: Double
  let upper: Double
  /// Round values from `lower` to `upper`, ascending.
  let ticks: [Double]
  /// Pixels of `lower` and `upper`; the first is the greater on a vertical axis.
  let start: Double
  let end: Double
  private let digits: Int

  /// Covers `values` with steps of 1, 2 or 5 times a power of ten, about `steps` of them.
  ///
  /// Values that are not finite are left out; a single value gets room on both sides.
  init(_ values: [Double], start: Double, end: Double, steps: Int = 5) {
    let finite = values.filter(\.isFinite)
    var least = finite.min() ?? 0
    var most = finite.max() ?? 1
    let smallest = max(abs(least), abs(most)) * 1e-3
    if most - least <= smallest {
      let room = smallest > 0 ? smallest : 1
      least -= room
      most += room
    }
    let step = Self.roundStep((most - least) / Double(steps))
    let first = (least / step).rounded(.down)
    let last = (most / step).rounded(.up)
    lower = first * step
    upper = last * step
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    var digits = 0
    var scaled = step
    while scaled < 0.999, digits < 9 {
      scaled *= 10
      digits += 1
    }
    self.digits = digits
    self.start = start
    self.end = end
  }

  /// Where a value lies, in pixels.
  func callAsFunction(_ value: Double) -> Double {
    start + (value - lower) / (upper - lower) * (end - start)
  }

  /// A tick as it is written.
  func label(_ tick: Double) -> String { Quantity.fixed(tick, digits) }

  /// The least of 1, 2, 5 times a power of ten that is no less than `step`.
  private static func roundStep(_ step: Double) -> Double {
    var magnitude = 1.0
    while magnitude > step { magnitude /= 10 }
    while magnitude * 10 <= step { magnitude *= 10 }
    return [1, 2, 5, 10].lazy.map { $0 * magnitude }.first { $0 >= step * 0.9999 }!
  }
}
