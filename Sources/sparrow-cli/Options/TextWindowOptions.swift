import ArgumentParser

/// How a text is cut into windows, and how many of them count.
struct TextWindowOptions: ParsableArguments {
  @Option(name: .shortAndLong, parsing: .unconditional, help: "Tokens in a window of the text.")
  var context = 512

  @Option(parsing: .unconditional, help: "Windows of the text to score; 0 or -1 is all.")
  var chunks = 0

  func validate() throws {
    guard context >= 8 else {
      throw ValidationError("--context \(context): expected 8 or more")
    }
    guard chunks >= -1 else {
      throw ValidationError("--chunks \(chunks): expected 1 or more, or 0 or -1 for all")
    }
  }

  /// Windows at most; nil is all.
  var limit: Int? { chunks > 0 ? chunks : nil }
}
