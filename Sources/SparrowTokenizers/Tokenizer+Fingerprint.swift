internal import SparrowCore
internal import SparrowTemplates

extension Tokenizer {
  /// SHA-256 of all that decides which tokens a text or a conversation becomes: what was encoded by
  /// a tokenizer of the same fingerprint need not be encoded again.
  ///
  /// The same tokenizer from another file format may have another one.
  package var fingerprint: String {
    var hash = SHA256()
    description.vocabulary.fold(into: &hash)
    switch description.rule {
    case .ranked(let merges): merges.fold(into: &hash)
    case .scored(let priorities): priorities.withUnsafeBytes { hash.update($0) }
    }
    hash.update(description.kinds.map(\.rawValue))
    description.byteTokens.withUnsafeBytes { hash.update($0) }
    for token in description.added {
      hash.update("\(token.id) \(token.isSpecial) \(token.stripsLeft) \(token.stripsRight) ")
      hash.update("\(token.isNormalized) \(token.isSingleWord) ")
      hash.update(token.text)
    }
    let rules: [Any?] = [
      description.spacing, description.splitting, description.steps, description.normalization,
      description.spacePrefix,
      description.ignoresMerges, description.unknown, description.fusesUnknown, description.bos,
      description.eos, description.addsBOS, description.addsEOS, endTokens.sorted(),
      chatTemplate?.source ?? description.chatTemplate,
    ]
    hash.update("\(rules)")
    return hash.hexDigest()
  }
}
