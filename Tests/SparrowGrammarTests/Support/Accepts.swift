import SparrowGrammar
import Testing

/// Whether a grammar allows a text, byte by byte; checks that masks say the same.
func accepts(_ grammar: TokenGrammar, _ text: String) -> Bool {
  var constraint = grammar.constraint()
  for byte in text.utf8 {
    // Bytes are the tokens from 3 on.
    let token = Int32(byte) + 3
    let isAllowed = constraint.allowed().contains(token)
    let isAccepted = constraint.accept(token)
    #expect(isAccepted == isAllowed)
    if !isAllowed { return false }
  }
  return constraint.mayEnd
}

func accepts(_ grammar: TextGrammar, _ text: String) throws -> Bool {
  accepts(try TokenGrammar(grammar, vocabulary: TestVocabulary.shared), text)
}
