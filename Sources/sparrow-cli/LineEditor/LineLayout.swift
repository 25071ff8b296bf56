/// A prompt and a text as rows of a terminal, and where the cursor stands in them.
struct LineLayout: Equatable {
  struct Row: Equatable {
    var text = ""
    var columns = 0
    /// Whether the next row is of the same line, which was too long.
    var isWrapped = false
  }

  private(set) var rows = [Row()]
  private(set) var cursorRow = 0
  private(set) var cursorColumn = 0

  /// Every line but the first begins with `continuation`. A row holds `columns`, at least 2.
  init(prompt: String, continuation: String, text: EditedText, columns: Int) {
    let columns = max(2, columns)
    prompt.forEach { append(Self.shown($0), columns) }
    for (index, character) in text.characters.enumerated() {
      if index == text.cursor { place(columns) }
      if character == "\n" {
        rows.append(Row())
        continuation.forEach { append(Self.shown($0), columns) }
      } else {
        append(Self.shown(character), columns)
      }
    }
    if text.cursor == text.characters.count { place(columns) }
  }

  /// The cursor stands here: behind a full row it is at the next one's beginning.
  private mutating func place(_ columns: Int) {
    if rows[rows.count - 1].columns >= columns { wrap() }
    (cursorRow, cursorColumn) = (rows.count - 1, rows[rows.count - 1].columns)
  }

  private mutating func wrap() {
    rows[rows.count - 1].isWrapped = true
    rows.append(Row())
  }

  private mutating func append(_ shown: (text: String, columns: Int), _ columns: Int) {
    if rows[rows.count - 1].columns + shown.columns > columns { wrap() }
    rows[rows.count - 1].text += shown.text
    rows[rows.count - 1].columns += shown.columns
  }

  /// How a character shows: controls, which would move the cursor, as ^A and spaces.
  private static func shown(_ character: Character) -> (text: String, columns: Int) {
    guard let ascii = character.asciiValue, ascii < 32 || ascii == 127 else {
      return (String(character), character.columns)
    }
    if character == "\t" { return ("  ", 2) }
    return ("^" + String(UnicodeScalar(ascii ^ 64)), 2)
  }
}
