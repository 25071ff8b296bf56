extension Character {
  /// Columns that a terminal gives this character: 0, 1 or 2.
  var columns: Int {
    let scalars = unicodeScalars
    let first = scalars.first!
    if first.isASCII { return 1 }
    if first.isWide || scalars.contains("\u{FE0F}") { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    case .format: return first == "\u{AD}" ? 1 : 0
    default: return 1
    }
  }
}

extension UnicodeScalar {
  /// Whether East Asian Width is wide or full width: Unicode 16, EastAsianWidth.txt, runs joined
  /// over code points that are not assigned. Emoji are wide too, and Swift knows them.
  fileprivate var isWide: Bool {
    properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) }
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265,
    0x20000...0x3FFFD,
  ]
}
