import Sparrow

extension GenerationStream {
  /// All pieces joined; cancelled after `limit` tokens.
  func collect(cancelAfter limit: Int = .max) async throws -> GenerationPiece {
    var all = GenerationPiece()
    for try await piece in self {
      all.text += piece.text
      all.tokens += piece.tokens
      all.prompt += piece.prompt
      all.activity += piece.activity
      all.result = piece.result
      if all.tokens.count >= limit { cancel() }
    }
    return all
  }
}
