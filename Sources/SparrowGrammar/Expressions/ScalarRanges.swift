internal import SparrowCore

/// A set of Unicode scalars, as ascending ranges that do not touch.
struct ScalarRanges: Equatable {
  private(set) var ranges: [ClosedRange<UInt32>]

  static let last: UInt32 = 0x10FFFF

  init(_ ranges: [ClosedRange<UInt32>]) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let end = self.ranges.last, range.lowerBound <= end.upperBound + 1 {
        self.ranges[self.ranges.count - 1] =
          end.lowerBound...max(end.upperBound, range.upperBound)
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalar: UInt32) { self.init([scalar...scalar]) }

  func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

  func union(_ other: ScalarRanges) -> ScalarRanges { ScalarRanges(ranges + other.ranges) }

  var complement: ScalarRanges {
    var gaps: [ClosedRange<UInt32>] = []
    var at: UInt32 = 0
    for range in ranges {
      if range.lowerBound > at { gaps.append(at...range.lowerBound - 1) }
      at = range.upperBound + 1
    }
    if at <= Self.last { gaps.append(at...Self.last) }
    return ScalarRanges(gaps)
  }

  static let any = ScalarRanges([0...last])
  static let digits = ScalarRanges([48...57])
  static let word = ScalarRanges([48...57, 65...90, 95...95, 97...122])
  /// What a point matches: all but the ends of lines.
  static let inLine = ScalarRanges([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).complement
  /// White space by ECMAScript and by Python alike.
  static let space = ScalarRanges([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])
  /// White space by neither.
  static let notSpace = space.union(ScalarRanges([0x1C...0x1F, 0x85...0x85, 0xFEFF...0xFEFF]))
    .complement
}

extension PatternTable {
  /// One character of a set inside a JSON string, in its shortest form.
  mutating func character(_ set: ScalarRanges) -> Pattern.ID {
    var forms: [Pattern.ID] = []
    for scalar in Array(0..<0x20) + [0x22, 0x5C] as [UInt32] where set.contains(scalar) {
      let text = JSON.string(String(Unicode.Scalar(UInt8(scalar)))).text()
      forms.append(literal(Array(text.utf8.dropFirst().dropLast())))
    }
    let plain: [ClosedRange<UInt32>] = [0x20...0x21, 0x23...0x5B, 0x5D...ScalarRanges.last]
    for range in set.ranges {
      for part in plain where part.overlaps(range) {
        for ranges in UTF8Ranges.sequences(part.clamped(to: range)) {
          forms.append(sequence(ranges))
        }
      }
    }
    return choice(forms)
  }
}
