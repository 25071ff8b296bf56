import Testing

@testable import sparrow_cli

/// Draws on a terminal made of cells.
struct LineDisplayTests {
  static func layout(_ text: String, columns: Int, left: Int = 0) -> LineLayout {
    var edited = EditedText(text)
    edited.move(to: edited.cursor - left)
    return LineLayout(prompt: "> ", continuation: ". ", text: edited, columns: columns)
  }

  @Test("wide characters take two columns, combining marks and joined emoji none of their own")
  func widths() {
    let widths: [(Character, Int)] = [
      ("a", 1), ("é", 1), ("e\u{301}", 1), ("界", 2), ("한", 2), ("ｱ", 1), ("Ａ", 2), ("🐦", 2),
      ("👩‍👧", 2), ("🇩🇪", 2), ("❤", 1), ("❤️", 2), ("\u{301}", 0), ("\u{200B}", 0), ("—", 1),
    ]
    for (character, columns) in widths { #expect(character.columns == columns, "\(character)") }
  }

  @Test("rows break where the terminal breaks them, and the cursor stands behind a full row")
  func wrapping() {
    let two = Self.layout("abcdefgh", columns: 6)
    #expect(two.rows.map(\.text) == ["> abcd", "efgh"])
    #expect(two.cursorRow == 1 && two.cursorColumn == 4)
    let full = Self.layout("abcd", columns: 6)
    #expect(full.rows.map(\.text) == ["> abcd", ""])
    #expect(full.cursorRow == 1 && full.cursorColumn == 0)
    let inside = Self.layout("abcd", columns: 6, left: 1)
    #expect(inside.rows.map(\.text) == ["> abcd"] && inside.cursorColumn == 5)
    let wide = Self.layout("a界界", columns: 6)
    #expect(wide.rows.map(\.text) == ["> a界", "界"] && wide.cursorColumn == 2)
    let lines = Self.layout("a\nb", columns: 6)
    #expect(lines.rows.map(\.text) == ["> a", ". b"] && lines.cursorRow == 1)
    #expect(Self.layout("a\u{3}\tb", columns: 20).rows.map(\.text) == ["> a^C  b"])
  }

  @Test("whatever is drawn over whatever, the screen shows the last text and the cursor in it")
  func drawing() {
    let texts = [
      "", "a", "abcd", "abcdefghijklmnop", "界界界界界界", "one\ntwo\nthree", "abcd\n", "x",
    ]
    for columns in [6, 7, 20] {
      for first in texts {
        for second in texts {
          for left in [0, 1, second.count] where left <= second.count {
            var screen = Screen(columns: columns, rows: 12)
            var display = LineDisplay()
            screen.write("before\r\n")
            screen.write(display.draw(Self.layout(first, columns: columns), height: 12))
            let layout = Self.layout(second, columns: columns, left: left)
            screen.write(display.draw(layout, height: 12))
            let expected = ["before"] + layout.rows.map(\.text)
            let shown = screen.text
            #expect(
              shown.prefix(expected.count).elementsEqual(expected)
                && shown.dropFirst(expected.count).allSatisfy(\.isEmpty),
              "\(first) \(second) \(columns): \(shown)")
            #expect(screen.row == 1 + layout.cursorRow && screen.column == layout.cursorColumn)
          }
        }
      }
    }
  }

  @Test("of a text that is higher than the terminal the part around the cursor is shown")
  func higher() {
    let text = (0..<20).map { "\($0)" }.joined(separator: "\n")
    for left in [0, 25, text.count] {
      var screen = Screen(columns: 10, rows: 5)
      var display = LineDisplay()
      let layout = Self.layout(text, columns: 10, left: left)
      for _ in 0..<3 { screen.write(display.draw(layout, height: 5)) }
      #expect(screen.text[screen.row] == layout.rows[layout.cursorRow].text)
      #expect(screen.text.allSatisfy { line in layout.rows.contains { $0.text == line } })
    }
  }
}

/// A terminal as xterm is one: wraps before the character that no longer fits, scrolls at its foot.
private struct Screen {
  let columns: Int
  private var cells: [[Character?]]
  private(set) var row = 0
  private(set) var column = 0

  init(columns: Int, rows: Int) {
    self.columns = columns
    cells = Array(repeating: [], count: rows)
  }

  var text: [String] { cells.map { String($0.compactMap { $0 }) } }

  mutating func write(_ output: String) {
    var rest = Substring(output)
    while let scalar = rest.unicodeScalars.first {
      if scalar == "\u{1B}" {
        rest = rest.dropFirst(2)
        let number = rest.prefix { $0.isNumber }
        rest = rest.dropFirst(number.count)
        command(rest.removeFirst(), Int(number))
      } else if scalar == "\r" || scalar == "\n" {
        rest.unicodeScalars.removeFirst()
        if scalar == "\r" { column = 0 } else { feed() }
      } else {
        put(rest.removeFirst())
      }
    }
  }

  private mutating func command(_ name: Character, _ number: Int?) {
    switch name {
    case "A": row = max(0, row - (number ?? 1))
    case "C": column = min(columns - 1, column + (number ?? 1))
    case "J":
      cells[row] = Array(cells[row].prefix(column))
      for below in cells.indices.dropFirst(row + 1) { cells[below] = [] }
    default: Issue.record("unknown command \(name)")
    }
  }

  private mutating func put(_ character: Character) {
    let width = character.columns
    if column + width > columns {
      column = 0
      feed()
    }
    while cells[row].count < column + width { cells[row].append(nil) }
    cells[row][column] = character
    column += width
  }

  private mutating func feed() {
    if row == cells.count - 1 {
      cells.removeFirst()
      cells.append([])
    } else {
      row += 1
    }
  }
}
