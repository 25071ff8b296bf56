/// A number without its sign in decimal digits: `0.25` has the fraction 25, and 0 as its whole.
struct DecimalDigits: Sendable, Equatable {
  /// Digits before the point, as ASCII; 0 has one.
  let whole: [UInt8]
  /// Digits after the point, as ASCII, without zeros at the end.
  let fraction: [UInt8]

  /// Digits on each side.
  static let limit = 40

  /// Reads a JSON number; nil for one with too many digits.
  init?(_ text: String) {
    let parts = text.utf8.split { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
    guard let mantissa = parts.first else { return nil }
    let exponent = parts.count > 1 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 1000 : 0
    let halves = mantissa.filter { $0 != UInt8(ascii: "-") }.split(separator: UInt8(ascii: "."))
    guard let first = halves.first, abs(exponent) <= 2 * Self.limit else { return nil }
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: abs(exponent))
    var whole = Array(first)
    var fraction = halves.count > 1 ? Array(halves[1]) : []
    if exponent > 0 {
      let digits = fraction + zeros
      whole += digits.prefix(exponent)
      fraction = Array(digits.dropFirst(exponent))
    } else {
      let digits = zeros + whole
      fraction = digits.suffix(-exponent) + fraction
      whole = Array(digits.dropLast(-exponent))
    }
    whole = Array(whole.drop { $0 == UInt8(ascii: "0") })
    while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
    guard whole.count <= Self.limit, fraction.count <= Self.limit else { return nil }
    self.whole = whole.isEmpty ? [UInt8(ascii: "0")] : whole
    self.fraction = fraction
  }

  var isZero: Bool { whole == [UInt8(ascii: "0")] && fraction.isEmpty }
}
