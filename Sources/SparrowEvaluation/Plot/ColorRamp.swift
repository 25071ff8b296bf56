/// Colours from dark blue to yellow whose lightness rises evenly, the same for readers who see red and green
/// alike (cividis; Nunez, Anderton and Renslow 2018, PLoS ONE 13(7)).
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
