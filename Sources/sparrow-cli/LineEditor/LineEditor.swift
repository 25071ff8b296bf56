/// Edits one message: keys go in, what to show comes out, and at last what was entered. Knows no
/// terminal.
struct LineEditor {
  /// What a key led to.
  enum Outcome: Equatable {
    case editing
    /// Editing, on a screen that is to be cleared first.
    case clearScreen
    case entered(String)
    /// Ctrl-C with text, which is gone.
    case abandoned(String)
    /// Ctrl-C without text.
    case interrupted
    /// Ctrl-D without text.
    case ended
    /// Ctrl-Z: the program is to sleep.
    case suspended
  }

  private(set) var text = EditedText()
  private(set) var history: InputHistory
  /// Set while Ctrl-R looks for an earlier message.
  private(set) var search: HistorySearch?
  /// What Enter does to a text: nil ends it, a number takes as many characters off its end and
  /// begins another line.
  private let continuation: (String) -> Int?
  private var killed = ""
  private var isKilling = false

  init(
    history: InputHistory = InputHistory(), continuation: @escaping (String) -> Int? = { _ in nil }
  ) {
    self.history = history
    self.continuation = continuation
  }

  /// What stands before the text, nil for the usual prompt.
  var prompt: String? { search?.prompt }

  /// Takes one key.
  mutating func handle(_ key: Key) -> Outcome {
    if let search, let outcome = handle(key, in: search) { return outcome }
    let wasKilling = isKilling
    isKilling = false
    switch key {
    case .text(let new), .paste(let new): text.insert(new)
    case .newLine: text.insert("\n")
    case .enter: return enter()
    case .backspace: text.remove(text.cursor - 1..<text.cursor)
    case .delete: deleteNext()
    case .control("d"):
      if text.isEmpty { return .ended }
      deleteNext()
    case .control("c"):
      history.rewind()
      if text.isEmpty { return .interrupted }
      defer { text = EditedText() }
      return .abandoned(text.text)
    case .control("z"): return .suspended
    case .control("l"): return .clearScreen
    case .control("r"): search = HistorySearch(history, from: text)
    case .up, .control("p"): goBack()
    case .down, .control("n"): goForward()
    case .control("w"): kill(text.wordStart(bySpace: true)..<text.cursor, wasKilling)
    case .alt("\u{7F}"): kill(text.wordStart()..<text.cursor, wasKilling)
    case .alt("d"): kill(text.cursor..<text.wordEnd(), wasKilling)
    case .control("u"): kill(text.line.lowerBound..<text.cursor, wasKilling)
    case .control("k"): killToEnd(wasKilling)
    case .control("y"): text.insert(killed)
    case .control("t"): text.transpose()
    default: move(key)
    }
    return .editing
  }

  private mutating func move(_ key: Key) {
    switch key {
    case .left, .control("b"): text.move(to: text.cursor - 1)
    case .right, .control("f"): text.move(to: text.cursor + 1)
    case .home, .control("a"): text.move(to: text.line.lowerBound)
    case .end, .control("e"): text.move(to: text.line.upperBound)
    case .wordLeft, .alt("b"): text.move(to: text.wordStart())
    case .wordRight, .alt("f"): text.move(to: text.wordEnd())
    default: break
    }
  }

  private mutating func enter() -> Outcome {
    let entered = text.text
    if let dropped = continuation(entered) {
      let end = text.characters.count
      text.remove(end - dropped..<end)
      text.insert("\n")
      return .editing
    }
    history.add(entered)
    text = EditedText()
    return .entered(entered)
  }

  private mutating func deleteNext() {
    let place = text.cursor
    text.remove(place..<place + 1)
  }

  // History.

  private mutating func goBack() {
    if text.moveLine(by: -1) { return }
    if let entry = history.older(than: text.text) { text = EditedText(entry) }
  }

  private mutating func goForward() {
    if text.moveLine(by: 1) { return }
    if let entry = history.newer() { text = EditedText(entry) }
  }

  /// A key while searching; nil when it ends the search and means what it always means.
  private mutating func handle(_ key: Key, in search: HistorySearch) -> Outcome? {
    if key == .control("c") || key == .control("g") {
      text = search.original
      self.search = nil
      return .editing
    }
    var search = search
    guard search.take(key, history) else {
      self.search = nil
      // Escape has done its work; other keys go on to edit what was found.
      return key == .escape ? .editing : nil
    }
    text = search.found
    self.search = search
    return .editing
  }

  // Killing and yanking: kills in a row add up.

  private mutating func kill(_ range: Range<Int>, _ wasKilling: Bool) {
    let isBefore = range.upperBound == text.cursor
    let removed = text.remove(range)
    killed = !wasKilling ? removed : isBefore ? removed + killed : killed + removed
    isKilling = true
  }

  /// To the line's end; there, the line feed.
  private mutating func killToEnd(_ wasKilling: Bool) {
    let end = text.line.upperBound
    kill(text.cursor..<(text.cursor == end ? end + 1 : end), wasKilling)
  }
}
