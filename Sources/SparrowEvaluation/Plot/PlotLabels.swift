/// Where names beside points have been written, so that the next does not cover them.
struct PlotLabels {
  private var placed: [(left: Double, right: Double, y: Double)] = []

  private static let lineHeight = 14.0
  /// A generous width of one character.
  private static let characterWidth = 7.0

  /// The baseline of a name that begins (or ends) at `x`: the nearest to `y` that is free, of a few.
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
