/// One thing that a user does at the keyboard.
enum Key: Equatable {
  /// Characters that were typed.
  case text(String)
  /// Text that was pasted, its lines ended by line feeds.
  case paste(String)
  case enter
  /// Alt-Enter: a new line in the text.
  case newLine
  case backspace
  case delete
  case left
  case right
  case up
  case down
  case home
  case end
  case wordLeft
  case wordRight
  case escape
  /// Ctrl with a letter, in lower case.
  case control(Character)
  /// Alt with a character.
  case alt(Character)
}
