import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// Tiny tokenizers of every family against the reference library's ids and texts.
@Suite struct ReferenceTests {
  static let names = [
    "gpt2", "opt", "smollm2", "llama3", "qwen2", "qwen35", "llama2", "mistral", "metaspace",
    "gemma",
  ]
  /// A folder of such folders, by `Scripts/check_tokenizers.sh`: more texts, whole vocabularies.
  static let more: [String] = (environment("SPARROW_TOKENIZER_CASES") ?? "").split(separator: ":")
    .map { String($0) }

  @Test(arguments: names)
  func fixture(name: String) throws { try check(TokenizerFixture(named: name), name) }

  @Test(.enabled(if: !more.isEmpty), arguments: more)
  func manyTexts(folder: String) throws {
    let clock = ContinuousClock()
    var fixture: TokenizerFixture?
    let loading = try clock.measure { fixture = try TokenizerFixture(folder) }
    let cases = try #require(fixture).cases.count
    let checking = clock.measure { check(fixture!, folder) }
    print("\(folder): \(cases) texts, read in \(loading), checked in \(checking)")
  }

  private func check(_ fixture: TokenizerFixture, _ name: String) {
    let tokenizer = fixture.tokenizer
    var failures = 0
    for item in fixture.cases {
      let ids = tokenizer.encode(item.text, parseSpecial: true)
      let plain = tokenizer.encode(item.text, addSpecial: false, parseSpecial: true)
      let decoded = tokenizer.decode(item.ids, skipSpecial: true)
      var stream = StreamingDecoder(tokenizer)
      let streamed = item.ids.map { stream.append($0) }.joined() + stream.finish()
      let isGood =
        ids == item.ids && plain == item.plainIDs
        && streamed.utf8.elementsEqual(decoded.utf8)
        && (decoded.utf8.elementsEqual(item.decoded.utf8) || decoded.contains("\u{FFFD}"))
      if isGood { continue }
      failures += 1
      if failures > 5 { continue }
      Issue.record(
        """
        \(name): \(item.text.debugDescription)
        found    \(ids)
        expected \(item.ids)
        plain    \(plain == item.plainIDs)
        decoded  \(decoded.debugDescription)
        expected \(item.decoded.debugDescription)
        streamed \(streamed.debugDescription)
        """)
    }
    #expect(failures == 0, "\(name): of \(fixture.cases.count)")
  }
}
