/// Numbers as people read them.
package enum Quantity {
  /// `98.4 MB`: three digits, powers of 1000.
  package static func bytes(_ count: Double) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = count
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(Int(value)) B" : number(value) + " " + units[unit]
  }

  package static func bytes(_ count: Int) -> String { bytes(Double(count)) }

  /// `135 M`: three digits, powers of 1000.
  package static func count(_ count: Int) -> String {
    let units = ["", " k", " M", " G", " T"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count)" : number(value) + units[unit]
  }

  /// Three digits: `9.84`, `98.4`, `984`.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let size = abs(value)
    return fixed(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)
  }

  /// With `digits` digits after the point.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = Int((abs(value) * scale).rounded())
    let sign = value < 0 && rounded > 0 ? "-" : ""
    guard digits > 0 else { return sign + "\(rounded)" }
    let tail = "\(rounded % Int(scale))"
    let zeros = String(repeating: "0", count: digits - tail.count)
    return sign + "\(rounded / Int(scale))." + zeros + tail
  }

  /// `4 s`, `2:05`, `1:02:03`.
  package static func seconds(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e6 else { return "-" }
    let whole = Int(seconds.rounded(.up))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60):\(two(whole % 60))" }
    return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }
}
