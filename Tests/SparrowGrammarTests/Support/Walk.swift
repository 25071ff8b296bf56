import SparrowCore
import SparrowGrammar
import Testing

/// A text of random tokens that a grammar allows, to its end; nil where it did not end in so many
/// tokens. Shorter ways are preferred after a while, so that most texts end.
func randomText(
  _ grammar: TokenGrammar, _ random: inout SeededRandom, most: Int = 4000,
  tokens: [[UInt8]?] = TestVocabulary.tokens
) -> [UInt8]? {
  var constraint = grammar.constraint()
  var text: [UInt8] = []
  for count in 0..<most {
    let mask = constraint.allowed()
    if mask.count == 0 {
      #expect(constraint.mayEnd, "stuck after \(String(decoding: text, as: UTF8.self))")
      return text
    }
    if constraint.mayEnd, random.next() % 4 == 0 || count > 40 { return text }
    var choices: [Int32] = []
    mask.forEach { choices.append($0) }
    // What closes something ends texts.
    let closing = choices.filter { closes(tokens[Int($0)]!) }
    if !closing.isEmpty, count > 20 || random.next() % 6 == 0 { choices = closing }
    let token = choices[Int(random.next() % UInt64(choices.count))]
    let isAccepted = constraint.accept(token)
    #expect(isAccepted)
    text += tokens[Int(token)]!
  }
  return nil
}

private func closes(_ token: [UInt8]) -> Bool {
  "\"]}".utf8.contains(token[0]) && token.count < 3
}

/// Compares the masks on a random way with what happens to each token's bytes.
func expectMasksAreRight(_ grammar: TokenGrammar, _ random: inout SeededRandom, steps: Int = 20) {
  var constraint = grammar.constraint()
  for _ in 0..<steps {
    let mask = constraint.allowed()
    var allowed: [Int32] = []
    for token in TestVocabulary.tokens.indices.map({ Int32($0) }) {
      var copy = constraint
      if copy.accept(token) { allowed.append(token) }
    }
    var members: [Int32] = []
    mask.forEach { members.append($0) }
    #expect(members == allowed && mask.count == allowed.count)
    guard !allowed.isEmpty else { return }
    constraint.accept(allowed[Int(random.next() % UInt64(allowed.count))])
  }
}
