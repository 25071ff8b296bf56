import Sparrow

/// Log-probabilities in four lists, as completions tell them: an entry of each is about one token.
struct LegacyProbabilities {
  private var tokens: [JSON] = []
  private var logProbabilities: [JSON] = []
  private var likeliest: [JSON] = []
  private var offsets: [JSON] = []
  /// Characters of the answer before the next token.
  private var offset = 0
  private let tokenizer: Tokenizer

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  mutating func add(_ token: GeneratedToken) {
    tokens.append(.string(distinctText(token.bytes)))
    logProbabilities.append(.logProbability(token.logProbability))
    likeliest.append(Self.table(token, tokenizer))
    offsets.append(.integer(offset))
    // A character counts where it begins; control tokens are no text.
    if tokenizer.kind(of: token.id) != .control {
      offset += token.bytes.count { $0 & 0xC0 != 0x80 }
    }
  }

  /// The likeliest tokens and the token itself, by their texts; null where there was no choice. Of
  /// tokens with one text the likeliest counts.
  private static func table(_ token: GeneratedToken, _ tokenizer: Tokenizer) -> JSON {
    guard let own = token.logProbability else { return .null }
    var members: [(key: String, value: JSON)] = []
    let listed = token.likeliest.map { ($0.id, tokenizer.bytes(of: $0.id), $0.logProbability) }
    for (_, bytes, value) in listed + [(token.id, token.bytes, own)] {
      let text = distinctText(bytes)
      if members.contains(where: { $0.key.utf8.elementsEqual(text.utf8) }) { continue }
      members.append((text, .logProbability(value)))
    }
    return .object(members)
  }

  /// The lists so far, which begin anew.
  mutating func take() -> JSON {
    defer { (tokens, logProbabilities, likeliest, offsets) = ([], [], [], []) }
    return [
      "tokens": .array(tokens), "token_logprobs": .array(logProbabilities),
      "top_logprobs": .array(likeliest), "text_offset": .array(offsets),
    ]
  }
}
