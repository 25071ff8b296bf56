import Testing

@testable import sparrow_cli

/// Keys in, text and cursor out.
struct LineEditorTests {
  /// What is in the editor after the keys, with a bar at the cursor.
  static func edited(_ keys: [Key], _ history: [String] = []) -> String {
    var editor = LineEditor(history: InputHistory(history))
    for key in keys { _ = editor.handle(key) }
    return shown(editor)
  }

  static func shown(_ editor: LineEditor) -> String {
    let text = editor.text
    return String(text.characters[..<text.cursor]) + "|"
      + String(text.characters[text.cursor...])
  }

  @Test(
    "moving and deleting go by characters, words and lines",
    arguments: [
      ([.text("ab"), .left, .text("x")], "ax|b"),
      ([.text("ab"), .control("a"), .text("x"), .control("e"), .text("y")], "xaby|"),
      ([.text("abc"), .control("b"), .control("b"), .control("d")], "a|c"),
      ([.text("abc"), .home, .control("f"), .delete], "a|c"),
      ([.text("abc"), .backspace, .backspace, .backspace, .backspace], "|"),
      ([.text("abc"), .left, .left, .left, .left, .delete], "|bc"),
      ([.text("one two"), .control("w")], "one |"),
      ([.text("one-two"), .alt("\u{7F}")], "one-|"),
      ([.text("one two"), .alt("b"), .alt("b"), .alt("d")], "| two"),
      ([.text("one two"), .home, .alt("f")], "one| two"),
      ([.text("one two"), .wordLeft, .wordLeft, .wordRight, .wordRight], "one two|"),
      ([.text("abc"), .left, .control("u")], "|c"),
      ([.text("abc"), .home, .right, .control("k")], "a|"),
      ([.text("ab"), .control("t")], "ba|"),
      ([.text("abc"), .left, .left, .control("t")], "ba|c"),
      ([.text("a"), .control("t")], "a|"),
      ([.text("one two three"), .control("w"), .control("w"), .control("y")], "one two three|"),
      ([.text("one two"), .control("w"), .left, .control("k"), .control("y")], "one |"),
      ([.text("ab"), .newLine, .text("cd"), .up, .text("x")], "abx|\ncd"),
      ([.text("abc"), .newLine, .text("d"), .up, .down, .text("x")], "abc\ndx|"),
      ([.text("ab"), .newLine, .text("cd"), .control("a"), .control("u")], "ab\n|cd"),
      ([.text("ab"), .newLine, .text("cd"), .up, .control("e"), .control("k")], "ab|cd"),
      ([.paste("a\nb"), .text("c")], "a\nbc|"),
    ] as [([Key], String)])
  func editing(keys: [Key], expected: String) {
    #expect(Self.edited(keys) == expected)
  }

  @Test("a combining mark belongs to the character before it, and goes with it")
  func combining() {
    #expect(Self.edited([.text("e"), .text("\u{301}"), .left]) == "|e\u{301}")
    #expect(Self.edited([.text("xe"), .text("\u{301}"), .backspace]) == "x|")
    #expect(Self.edited([.text("👩"), .text("\u{200D}"), .text("👧"), .backspace]) == "|")
  }

  @Test("Enter gives the text, and another line where it goes on")
  func enter() {
    var editor = LineEditor(continuation: ChatEntry.continuation)
    _ = editor.handle(.text("one\\"))
    #expect(editor.handle(.enter) == .editing)
    _ = editor.handle(.text("two"))
    #expect(editor.handle(.enter) == .entered("one\ntwo"))
    _ = editor.handle(.text("\"\"\"a"))
    #expect(editor.handle(.enter) == .editing)
    _ = editor.handle(.text("b\"\"\""))
    #expect(editor.handle(.enter) == .entered("\"\"\"a\nb\"\"\""))
    #expect(Self.shown(editor) == "|")
  }

  @Test("Ctrl-C takes the text away, and without text interrupts; Ctrl-D ends only without text")
  func leaving() {
    var editor = LineEditor()
    _ = editor.handle(.text("ab"))
    _ = editor.handle(.left)
    #expect(editor.handle(.control("d")) == .editing && Self.shown(editor) == "a|")
    #expect(editor.handle(.control("c")) == .abandoned("a"))
    #expect(editor.handle(.control("c")) == .interrupted)
    #expect(editor.handle(.control("d")) == .ended)
  }

  @Test("up and down walk through what was entered, and come back to what was being typed")
  func history() {
    let before = ["one", "two"]
    #expect(Self.edited([.text("x"), .up], before) == "two|")
    #expect(Self.edited([.text("x"), .up, .up, .up], before) == "one|")
    #expect(Self.edited([.text("x"), .up, .up, .down, .down], before) == "x|")
    #expect(Self.edited([.text("x"), .down], before) == "x|")
    var editor = LineEditor(history: InputHistory(before))
    for key in [Key.text("two"), .enter, .text("three"), .enter] { _ = editor.handle(key) }
    #expect(editor.history.entries == ["one", "two", "three"])
    _ = editor.handle(.up)
    #expect(Self.shown(editor) == "three|")
  }

  @Test("Ctrl-R looks for the latest entry with a text, and again for the one before")
  func search() {
    let before = ["red apple", "green pear", "red pear"]
    let look: [Key] = [.text("x"), .control("r"), .text("re"), .text("d")]
    #expect(Self.edited(look, before) == "|red pear")
    #expect(Self.edited(look + [.control("r")], before) == "|red apple")
    #expect(Self.edited(look + [.control("r"), .control("r")], before) == "|red apple")
    #expect(Self.edited(look + [.escape, .end, .text("!")], before) == "red pear!|")
    #expect(Self.edited(look + [.control("g")], before) == "x|")
    var editor = LineEditor(history: InputHistory(before))
    for key in look + [.text(" a")] { _ = editor.handle(key) }
    #expect(editor.prompt == "(search) 'red a': ")
    #expect(editor.handle(.enter) == .entered("red apple"))
    for key in [Key.control("r"), .text("blue")] { _ = editor.handle(key) }
    #expect(editor.prompt == "(search failed) 'blue': ")
  }

  @Test("the history is bounded")
  func bounded() {
    var history = InputHistory((0..<1500).map { "\($0)" })
    #expect(history.entries.count == InputHistory.limit && history.entries.first == "500")
    history.add("last")
    #expect(history.entries.count == InputHistory.limit && history.entries.first == "501")
    #expect(!history.add("last") && !history.add(""))
  }
}
