import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

@Suite struct ExpressionTests {
  private func matches(_ source: String, in text: String) throws(SparrowError) -> [String] {
    let expression = try TextExpression(source, file: "t")
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      var matcher = ExpressionMatcher(expression, buffer)
      return matcher.matches().map { String(decoding: bytes[$0], as: UTF8.self) }
    }
  }

  @Test(arguments: [
    ("a|ab", "ab", ["a"]), ("ab|a", "ab", ["ab"]), ("a{2,3}", "aaaaa", ["aaa", "aa"]),
    ("a{2}?", "aaaa", ["aa", "aa"]), ("a+?", "aaa", ["a", "a", "a"]),
    ("(?:ab)+c", "ababc", ["ababc"]),
    ("(?>a+)a", "aaa", []), ("a++a", "aaa", []), ("a?+b", "ab", ["ab"]), ("x(?=y)", "xyxz", ["x"]),
    ("(?<!x)y", "xyy", ["y"]), ("(?<=x)y", "xyy", ["y"]), ("\\by", "y xy", ["y"]),
    ("^a|b$", "ab\nab", ["a", "b", "a", "b"]),
    ("\\Aa|b\\z", "ab\nab", ["a", "b"]), ("[^\\W\\d_]+", "a1_é٣", ["a", "é"]),
    ("[a-c&&[^b]]+", "abc", ["a", "c"]),
    ("[]a]+", "a]b", ["a]"]), ("[a\\-z]+", "a-z", ["a-z"]), ("[\\s--]+", " - ", [" - "]),
    ("\\x41\\u00e9\\x{1F426}", "Aé🐦", ["Aé🐦"]),
    ("(?i:ſK)", "sk SK\u{212A}", ["sk", "SK"]), ("\\p{Lu}\\P{Lu}", "aBcD", ["Bc"]),
    ("\\p{^L}+", "a12b", ["12"]),
    ("", "ab", ["", "", ""]), ("(?=b)|c", "abc", ["", "c"]), (".", "a\n🐦", ["a", "🐦"]),
    ("\\h+", "xfg0", ["f", "0"]),
  ]) func matchesAsOniguruma(_ source: String, _ text: String, _ expected: [String]) throws {
    #expect(try matches(source, in: text) == expected)
  }

  @Test(arguments: [
    ("(", SparrowError.Kind.malformed), (")", .malformed), ("[", .malformed), ("[a", .malformed),
    ("*", .malformed), ("\\", .malformed), ("[z-a]", .malformed),
    ("\\x{110000}", .malformed), ("(a)\\1", .unsupported), ("(?<n>a)", .unsupported),
    ("(a*)*", .unsupported), ("(?:a|)+", .unsupported), ("(?<=a+)b", .unsupported),
    ("\\p{Klingon}", .unsupported), ("[[:alpha:]]", .unsupported), ("a{2000}", .unsupported),
    ("((a{999}){999}){999}", .unsupported), ("\\R", .unsupported), ("\\Z", .unsupported),
  ]) func othersAreRefused(_ source: String, _ kind: SparrowError.Kind) {
    let error = #expect(throws: SparrowError.self) { try TextExpression(source, file: "t") }
    #expect(error?.kind == kind, "\(error!)")
    #expect(error?.field.contains("the expression") == true)
  }

  @Test(arguments: ["(?:a+)+b", "(?:a|aa)+b", "(?:a|a?a)+c", "a*a*a*a*a*b", "(?:(?:a+)+)+$x"])
  func wildExpressionsEnd(_ source: String) throws {
    let text = String(repeating: "a", count: 1000)
    #expect(try matches(source, in: text).isEmpty)
  }

  @Test func deepExpressionsThrow() {
    for open in ["(", "(?:", "[", "(?=", "(?>"] {
      for count in [10, 40, 100_000] {
        _ = try? TextExpression(String(repeating: open, count: count), file: "t")
      }
    }
    _ = try? TextExpression(String(repeating: "a?", count: 30_000), file: "t")
  }

  @Test func damagedExpressionsThrowOrMatch() throws {
    let samples = GGUFPreTokenizer.names.flatMap { GGUFPreTokenizer.named($0)?.expressions ?? [] }
      .map { Array($0.utf8) }
    var mutator = Mutator(seed: 23)
    let text = "The 12345 sparrows' caf\u{E9}\u{301}, \u{96C0}\n\n  DON'T \u{1F426} x_y"
    var accepted = 0
    for round in 0..<1500 {
      let bytes = mutator.mutate(samples[round % samples.count], donors: samples)
      do throws(SparrowError) {
        _ = try matches(String(decoding: bytes, as: UTF8.self), in: text)
        accepted += 1
      } catch {
        #expect(!error.description.isEmpty && error.description.utf8.count < 1000)
      }
    }
    #expect(accepted > 200 && accepted < 1400)
  }
}
