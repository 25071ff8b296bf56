import Testing

@testable import sparrow_cli

struct ChatEntryTests {
  @Test(
    "a slash begins a word to the program, all else is a message",
    arguments: [
      ("Hi", ChatEntry.message("Hi")), ("/help", .help), ("/new", .new), ("/clear ", .new),
      ("/system", .system(nil)), ("/system  Be brief. ", .system("Be brief.")),
      ("/system \"\"\"a\nb\"\"\"", .system("a\nb")), ("/regenerate", .regenerate),
      ("/save  a b.json", .save("a b.json")), ("/save", .unknown("/save")), ("/exit", .exit),
      ("/etc/passwd", .unknown("/etc/passwd")), ("/new one", .unknown("/new")),
      (" /help", .message(" /help")), ("\"\"\"/help\"\"\"", .message("/help")),
      ("\"\"\"\na\nb\n\"\"\"", .message("a\nb")), ("\"\"\"a", .message("\"\"\"a")),
      ("\"\"\"\"\"", .message("\"\"\"\"\"")), ("\"\"\"\"\"\"", .message("")),
    ])
  func entries(entered: String, entry: ChatEntry) {
    #expect(ChatEntry(entered) == entry)
  }

  @Test(
    "a message goes on behind a backslash and till its quotes are closed",
    arguments: [
      ("a", nil), ("a\\", 1), ("\"\"\"", 0), ("\"\"\"a", 0), ("\"\"\"a\"\"\"", nil),
      ("\"\"\"a\\", 0), ("\"\"\"\"", 0), ("\"\"\"a\n\"\"\" ", nil),
    ] as [(String, Int?)])
  func continuation(entered: String, dropped: Int?) {
    #expect(ChatEntry.continuation(of: entered) == dropped)
  }
}
