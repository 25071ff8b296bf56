import SparrowFormats
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import Sparrow

/// Prints how fast vocabularies load and encode; off unless `SPARROW_TOKENIZER_SPEED` names GGUF
/// files, with colons between. Meant for release builds.
@Suite(.serialized) struct TokenizerSpeedTests {
  static let files = (environment("SPARROW_TOKENIZER_SPEED") ?? "").split(separator: ":").map {
    String($0)
  }

  @Test(.enabled(if: !files.isEmpty), arguments: files)
  func speed(path: String) throws {
    let clock = ContinuousClock()
    let checkpoint = try Checkpoint.open(path)
    var made: Tokenizer?
    let loading = try clock.measure { made = try checkpoint.tokenizer() }
    let tokenizer = try #require(made)
    print("\(path): \(tokenizer.vocabularySize) tokens loaded in \(loading)")
    var random: UInt64 = 1
    func next(_ bound: UInt64) -> UInt64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (random >> 33) % bound
    }
    let words = (0..<20_000).map { _ in
      String(decoding: (0..<(2 + next(7))).map { _ in UInt8(97 + next(26)) }, as: UTF8.self)
    }
    var prose = ""
    while prose.utf8.count < 4_000_000 {
      // Few words are most of a text.
      let rank = min(next(20_000), next(20_000), next(20_000), next(20_000)) / (1 + next(20))
      prose += words[Int(rank)] + (next(12) == 0 ? ". " : " ")
    }
    let texts: [(String, String)] = [
      ("prose", prose),
      ("no spaces", String(prose.filter { $0 != " " && $0 != "." }.prefix(1 << 20))),
      ("one letter", String(repeating: "a", count: 1 << 20)),
      ("spaces", String(repeating: " ", count: 1 << 20)),
      ("Chinese", String(repeating: "我们不能因为天气不好就不去学校，你说对吗？", count: 20_000)),
    ]
    for (name, text) in texts {
      var tokens: [Int32] = []
      let time = clock.measure { tokens = tokenizer.encode(text, addSpecial: false) }
      let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
      let rate = Double(text.utf8.count) / seconds / 1e6
      print("  \(name): \(text.utf8.count) bytes, \(tokens.count) tokens, \(rate) MB/s")
      var decoded = ""
      let back = clock.measure { decoded = tokenizer.decode(tokens) }
      #expect(decoded.utf8.elementsEqual(text.utf8))
      print("    decoded in \(back)")
    }
  }
}
