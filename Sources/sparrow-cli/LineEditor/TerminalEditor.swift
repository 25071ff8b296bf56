import ArgumentParser
import CSparrowSystem
import SparrowCore

/// A `LineEditor` at the terminal: reads keys from standard input and draws on standard error.
final class TerminalEditor {
  private let history: HistoryFile?
  private var editor: LineEditor
  private var decoder = KeyDecoder()
  private var display = LineDisplay()
  /// Keys that came behind Enter.
  private var keys: ArraySlice<Key> = []
  private var columns = 0

  /// Milliseconds after which Escape was Escape and no sequence's beginning.
  private static let doubt: Int32 = 50

  /// nil where either is no terminal, or one that cannot move its cursor.
  init?(history: HistoryFile?, continuation: @escaping (String) -> Int?) {
    let kind = getenv("TERM").map { String(cString: $0) } ?? ""
    guard isatty(0) != 0, isatty(2) != 0, !kind.isEmpty, kind != "dumb",
      ss_set_terminal_mode(SS_TERMINAL_QUIET) == 0
    else { return nil }
    self.history = history
    editor = LineEditor(
      history: InputHistory(history?.read() ?? []), continuation: continuation)
  }

  /// The next entry; nil when the user leaves by Ctrl-D.
  ///
  /// Between two entries the terminal keeps what is typed for the next. Throws `.cancelled` on a
  /// signal, an exit code of 130 for Ctrl-C in an empty line.
  func next() throws -> String? {
    guard ss_set_terminal_mode(SS_TERMINAL_KEYS) == 0 else { return nil }
    defer { _ = ss_set_terminal_mode(SS_TERMINAL_QUIET) }
    while true {
      draw()
      if keys.isEmpty { keys = try readKeys()[...] }
      while let key = keys.popFirst() {
        switch editor.handle(key) {
        case .editing: continue
        case .clearScreen: Terminal.note(display.clearScreen())
        case .suspended:
          leave(editor.text.text)
          kill(0, SIGTSTP)
        case .entered(let text):
          leave(text)
          if !text.isEmpty { history?.append(text) }
          return text
        case .abandoned(let text): leave(text, "^C")
        case .interrupted:
          leave("", "^C")
          try Interrupt.exit(if: true)
        case .ended:
          leave("")
          return nil
        }
      }
    }
  }

  /// Waits for keys; none when the terminal has another size.
  private func readKeys() throws(SparrowError) -> [Key] {
    if Interrupt.isRequested { leave(editor.text.text) }
    try Interrupt.check()
    let ready = ss_await(0, Int16(POLLIN), decoder.isInDoubt ? Self.doubt : -1)
    guard ready == 1 else { return decoder.settle() }
    return try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) {
      memory throws(SparrowError) in
      let count = read(0, memory.baseAddress, memory.count)
      if count > 0 { return decoder.decode(memory.prefix(count)) }
      // The terminal is gone.
      guard count < 0, ss_errno() == EINTR || ss_errno() == EAGAIN else {
        throw SparrowError(.cancelled, found: "the terminal was closed")
      }
      return []
    }
  }

  private func draw(_ text: EditedText? = nil) {
    var rows: Int32 = 0
    var width: Int32 = 0
    ss_terminal_size(2, &rows, &width)
    let layout = LineLayout(
      prompt: editor.prompt ?? "> ", continuation: ". ", text: text ?? editor.text,
      columns: Int(width))
    if columns != 0, Int(width) != columns { display.resized(layout, height: Int(rows)) }
    columns = Int(width)
    Terminal.note(display.draw(layout, height: Int(rows)))
  }

  /// Leaves a text on the screen, `mark` behind it, and goes on below.
  private func leave(_ text: String, _ mark: String = "") {
    draw(EditedText(text))
    Terminal.note(mark + display.leave())
  }
}
