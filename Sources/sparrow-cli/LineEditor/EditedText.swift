/// A text of one or more lines with a cursor in it, which moves over whole characters.
struct EditedText: Equatable {
  private(set) var characters: [Character] = []
  /// Characters before the cursor.
  private(set) var cursor = 0

  init(_ text: String = "") {
    characters = Array(text)
    cursor = characters.count
  }

  var text: String { String(characters) }
  var isEmpty: Bool { characters.isEmpty }

  /// Puts text at the cursor. A combining mark becomes part of the character before it.
  mutating func insert(_ text: String) {
    let before = String(characters[..<cursor]) + text
    let after = String(characters[cursor...])
    characters = Array(before + after)
    // Where the two join into one character, the cursor stands behind it.
    cursor = min(before.count, characters.count)
  }

  mutating func move(to place: Int) { cursor = min(max(place, 0), characters.count) }

  /// Takes a range out, the cursor at its place, and gives what it held.
  @discardableResult
  mutating func remove(_ range: Range<Int>) -> String {
    let range = range.clamped(to: characters.indices)
    let removed = String(characters[range])
    characters.removeSubrange(range)
    cursor = range.lowerBound
    return removed
  }

  // Lines.

  /// Where the cursor's line begins, and where it ends.
  var line: Range<Int> {
    let start = characters[..<cursor].lastIndex(of: "\n").map { $0 + 1 } ?? 0
    let end = characters[cursor...].firstIndex(of: "\n") ?? characters.count
    return start..<end
  }

  /// Moves to the line above, or below, as far to the right; false on the first, or last.
  mutating func moveLine(by step: Int) -> Bool {
    let line = line
    guard step < 0 ? line.lowerBound > 0 : line.upperBound < characters.count else { return false }
    let column = cursor - line.lowerBound
    cursor = step < 0 ? line.lowerBound - 1 : line.upperBound + 1
    let other = self.line
    cursor = min(other.lowerBound + column, other.upperBound)
    return true
  }

  // Words.

  /// Where the word before the cursor begins: letters and digits, or all up to white space.
  func wordStart(bySpace: Bool = false) -> Int {
    var at = cursor
    while at > 0, !isPart(characters[at - 1], bySpace) { at -= 1 }
    while at > 0, isPart(characters[at - 1], bySpace) { at -= 1 }
    return at
  }

  /// Where the word behind the cursor ends.
  func wordEnd() -> Int {
    var at = cursor
    while at < characters.count, !isPart(characters[at], false) { at += 1 }
    while at < characters.count, isPart(characters[at], false) { at += 1 }
    return at
  }

  private func isPart(_ character: Character, _ bySpace: Bool) -> Bool {
    bySpace ? !character.isWhitespace : character.isLetter || character.isNumber
  }

  /// Exchanges the two characters around the cursor, at a line's end the last two, and goes on
  /// behind them.
  mutating func transpose() {
    let line = line
    let right = min(cursor, line.upperBound - 1)
    guard right > line.lowerBound else { return }
    characters.swapAt(right - 1, right)
    // Two characters that were apart may be one side by side.
    characters = Array(text)
    move(to: right + 1)
  }
}
