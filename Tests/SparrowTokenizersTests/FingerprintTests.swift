import Testing

@testable import SparrowTokenizers

@Suite struct FingerprintTests {
  @Test func tokenizersAreToldApart() throws {
    let fingerprints = try ReferenceTests.names.map {
      try TokenizerFixture(named: $0).tokenizer.fingerprint
    }
    #expect(Set(fingerprints).count == ReferenceTests.names.count)
    #expect(try TokenizerFixture(named: "gpt2").tokenizer.fingerprint == fingerprints[0])
  }

  @Test func everyRuleCounts() throws {
    let plain = try TokenizerFixture(named: "llama2").tokenizer.description
    var changed = Array(repeating: plain, count: 5)
    changed[0].addsBOS.toggle()
    changed[1].chatTemplate = "{{ messages }}"
    changed[2].spacePrefix = .none
    changed[3].added.removeLast()
    changed[4].kinds[100] = .unused
    let fingerprints = try ([plain] + changed).map { try Tokenizer($0).fingerprint }
    #expect(Set(fingerprints).count == 6)
  }
}
