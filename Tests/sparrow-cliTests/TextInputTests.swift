import SparrowTestSupport
import Testing

@testable import SparrowHub

/// Texts as they come: with marks, in other encodings, from pipes.
struct TextInputTests {
  static let model = Fixtures.path("models/smollm2")
  static let words = String(repeating: "the sparrow is a bird ", count: 20)

  static func perplexity(_ text: String, script: String = "exec \"$@\"") throws -> String {
    let outcome = try ProgramTests.shell(
      script,
      ["perplexity", model, "-t", "1", "--context", "16", "--chunks", "2", "--text", text])
    return outcome.status == 0 ? outcome.outputText : "\(outcome.status): \(outcome.complaint)"
  }

  @Test("a byte order mark is no text, and pipes and standard input are read like files")
  func marks() throws {
    let folder = try TemporaryFolder()
    let plain = try folder.write("plain", Self.words)
    let marked = try folder.write("marked", "\u{FEFF}" + Self.words)
    let expected = try Self.perplexity(plain)
    #expect(expected.hasPrefix("perplexity "))
    #expect(try Self.perplexity(marked) == expected)
    #expect(try Self.perplexity("-", script: "exec \"$@\" <\(marked)") == expected)
    #expect(try Self.perplexity("/dev/stdin", script: "cat \(plain) | \"$@\"") == expected)
    let pipe = folder.file("pipe")
    #expect(
      try Self.perplexity(pipe, script: "mkfifo \(pipe); cat \(plain) >\(pipe) & \"$@\"")
        == expected)
  }

  @Test("what is no UTF-8 is told, with how to make it")
  func encodings() throws {
    let folder = try TemporaryFolder()
    let wide = try folder.write("wide", [0xFF, 0xFE] + Self.words.utf8.flatMap { [$0, 0] })
    #expect(try Self.perplexity(wide).contains("text in UTF-16; expected text in UTF-8; iconv"))
    let broken = try folder.write("broken", Array(Self.words.utf8) + [0xE2, 0x28])
    #expect(try Self.perplexity(broken).contains("not UTF-8"))
    #expect(try Self.perplexity("-", script: "exec \"$@\" <\(broken)").contains("not UTF-8"))
    let empty = try folder.write("empty", "")
    #expect(try Self.perplexity(empty).hasPrefix("2: "))
  }
}
