import ArgumentParser
import CSparrowSystem
import SparrowCore

/// Where a chat's messages come from: a terminal, edited, or lines as they are.
struct ChatInput {
  /// Whether somebody sits there, who can be told and go on.
  let isTerminal: Bool
  private var lines = InputStream.standard
  private var editor: TerminalEditor?

  init() {
    isTerminal = isatty(0) != 0
    editor = TerminalEditor(history: HistoryFile(), continuation: ChatEntry.continuation)
  }

  /// Whether keys are edited, and not only lines read.
  var isEdited: Bool { editor != nil }

  /// The next entry; nil at the end. Throws `.cancelled` on an interrupt.
  mutating func next() throws -> String? {
    if let editor { return try editor.next() }
    if isTerminal, terminalColumns() != nil { Terminal.note("> ") }
    guard let line = try lines.nextLine() else { return nil }
    return try TextFile.text(of: line, file: lines.name)
  }
}
