/// What to send to a terminal so that it shows a text in place of what it showed before.
///
/// Knows the terminal's size and on which row, counted from the first that was drawn, the cursor
/// stands.
struct LineDisplay {
  private var cursorRow = 0

  /// Draws `layout`, of which a terminal lower than it shows the part around the cursor.
  mutating func draw(_ layout: LineLayout, height: Int) -> String {
    let range = Self.visible(layout, max(1, height))
    var output = toFirstRow() + "\u{1B}[J"
    for index in range {
      output += layout.rows[index].text
      guard index + 1 < range.upperBound else { break }
      // The terminal wraps by itself, so that copied text has no line feed; but only before a
      // character.
      if !layout.rows[index].isWrapped || layout.rows[index + 1].text.isEmpty { output += "\r\n" }
    }
    let below = range.upperBound - 1 - layout.cursorRow
    if below > 0 { output += "\u{1B}[\(below)A" }
    output += "\r"
    if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
    cursorRow = layout.cursorRow - range.lowerBound
    return output
  }

  /// Leaves what is shown, the cursor being at its end, and goes to a new line below it.
  mutating func leave() -> String {
    cursorRow = 0
    return "\r\n"
  }

  /// Begins again on an empty screen.
  mutating func clearScreen() -> String {
    cursorRow = 0
    return "\u{1B}[H\u{1B}[2J"
  }

  /// The terminal has another width: `layout` is what was shown as it is wrapped now, which most
  /// terminals do.
  mutating func resized(_ layout: LineLayout, height: Int) {
    cursorRow = layout.cursorRow - Self.visible(layout, max(1, height)).lowerBound
  }

  private func toFirstRow() -> String {
    cursorRow > 0 ? "\r\u{1B}[\(cursorRow)A" : "\r"
  }

  /// The rows that fit: all, else as many around the cursor as fit.
  private static func visible(_ layout: LineLayout, _ height: Int) -> Range<Int> {
    let count = layout.rows.count
    guard count > height else { return 0..<count }
    let first = min(max(0, layout.cursorRow - height / 2), count - height)
    return first..<first + height
  }
}
