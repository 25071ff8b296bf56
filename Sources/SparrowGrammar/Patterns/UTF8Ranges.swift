/// Ranges of scalars as ranges of bytes.
enum UTF8Ranges {
  typealias Ranges = [ClosedRange<UInt8>]

  /// All characters of two bytes and more, by the rows of Unicode's table of well-formed ones.
  static let multibyte: [Ranges] = [
    [0xC2...0xDF, 0x80...0xBF],
    [0xE0...0xE0, 0xA0...0xBF, 0x80...0xBF],
    [0xE1...0xEC, 0x80...0xBF, 0x80...0xBF],
    [0xED...0xED, 0x80...0x9F, 0x80...0xBF],
    [0xEE...0xEF, 0x80...0xBF, 0x80...0xBF],
    [0xF0...0xF0, 0x90...0xBF, 0x80...0xBF, 0x80...0xBF],
    [0xF1...0xF3, 0x80...0xBF, 0x80...0xBF, 0x80...0xBF],
    [0xF4...0xF4, 0x80...0x8F, 0x80...0xBF, 0x80...0xBF],
  ]

  /// The byte sequences of the scalars of a range, surrogates left out.
  static func sequences(_ range: ClosedRange<UInt32>) -> [Ranges] {
    let forms: [ClosedRange<UInt32>] = [
      0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
    ]
    return forms.filter { $0.overlaps(range) }.flatMap { form in
      let part = form.clamped(to: range)
      return split(encode(part.lowerBound), encode(part.upperBound))
    }
  }

  /// Sequences between two of the same length.
  private static func split(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> [Ranges] {
    guard let first = low.first, let last = high.first else { return [[]] }
    let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
    if first == last { return split(lowRest, highRest).map { [first...first] + $0 } }
    let lowest = lowRest.map { _ in UInt8(0x80) }[...]
    let highest = highRest.map { _ in UInt8(0xBF) }[...]
    var (from, to) = (first, last)
    var found: [Ranges] = []
    if !lowRest.elementsEqual(lowest) {
      found += split(lowRest, highest).map { [first...first] + $0 }
      from += 1
    }
    var end: [Ranges] = []
    if !highRest.elementsEqual(highest) {
      end = split(lowest, highRest).map { [last...last] + $0 }
      to -= 1
    }
    if from <= to { found.append([from...to] + lowRest.map { _ in 0x80...0xBF }) }
    return found + end
  }

  private static func encode(_ value: UInt32) -> ArraySlice<UInt8> {
    Unicode.Scalar(value).map { ArraySlice(UTF8.encode($0)!) } ?? []
  }
}
