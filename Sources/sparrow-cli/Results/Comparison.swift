import Sparrow
import SparrowCore
import SparrowEvaluation

/// Two runs over the same prompts, dense and sparse.
struct Comparison {
  /// One of the runs.
  struct Side {
    /// What decoding one token reads, on average.
    let bytesPerToken: Int
    /// One for each prompt.
    let results: [GenerationResult]

    /// Over all prompts, the first token of each left out.
    var tokensPerSecond: Double {
      let seconds = results.reduce(0) { $0 + $1.decodeSeconds }
      let tokens = results.reduce(0) { $0 + max(0, $1.tokens.count - 1) }
      return seconds > 0 ? Double(tokens) / seconds : 0
    }
  }

  let dense: Side
  let sparse: Side
  /// The heads compared over the same hidden states of another text.
  let heads: VocabularyAgreement?

  /// Tokens before the first difference of each text, and all tokens.
  var agreement: (same: Int, all: Int) {
    zip(dense.results, sparse.results).reduce((0, 0)) { sum, pair in
      let same = zip(pair.0.tokens, pair.1.tokens).prefix { $0 == $1 }.count
      return (sum.0 + same, sum.1 + max(pair.0.tokens.count, pair.1.tokens.count))
    }
  }

  /// A table for people.
  var text: String {
    let fallbacks = sparse.results.reduce(0) { $0 + $1.fallbacks }
    let (same, all) = agreement
    let speed = sparse.tokensPerSecond / dense.tokensPerSecond
    let bytes = Double(sparse.bytesPerToken) / Double(dense.bytesPerToken)
    var text = row("", "tokens/s", "bytes a token")
    text += row(
      "dense", Quantity.number(dense.tokensPerSecond), Quantity.bytes(dense.bytesPerToken))
    text += row(
      "sparse", Quantity.number(sparse.tokensPerSecond), Quantity.bytes(sparse.bytesPerToken))
    text += row("ratio", Quantity.fixed(speed, 2), Quantity.fixed(bytes, 2))
    text +=
      same == all
      ? "The texts agree: \(all) of \(all) tokens."
      : "The texts agree up to their first difference: \(same) of \(all) tokens."
    if fallbacks > 0 { text += " The sparse head was in doubt \(fallbacks) times." }
    text += "\n"
    if let heads {
      let share = Quantity.fixed(heads.sameTopShare * 100, 2)
      text +=
        "On other text both heads name the same token at \(share)% of "
        + "\(heads.positions) positions.\n"
    }
    return text
  }

  private func row(_ name: String, _ speed: String, _ bytes: String) -> String {
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    return name + right(speed, 20 - name.count) + right(bytes, 16) + "\n"
  }
}
