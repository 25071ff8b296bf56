extension TokenizerDescription {
  /// Does what the normaliser does: its steps, the space that it puts before a text, and spaces for
  /// U+2581 where it writes that.
  func normalize(_ text: inout NormalizedText) {
    for step in normalization { text.apply(step) }
    if spacePrefix == .always { text.apply(.prepend([UInt8(ascii: " ")])) }
    if normalizesSpaces { text.unmark() }
  }

  /// The added tokens that are matched in the text as it is, and those that are matched in
  /// normalised text, whose own texts are normalised too. Where nothing is normalised those come
  /// second all the same, but for vocabularies that hold one kind alone.
  func matchers() -> (first: AddedTokens, second: AddedTokens) {
    let changesText = !normalization.isEmpty || spacePrefix == .always || normalizesSpaces
    let isMixed = added.contains(where: \.isNormalized) && !added.allSatisfy(\.isNormalized)
    guard changesText || isMixed else { return (AddedTokens(added), AddedTokens([])) }
    let second = added.filter(\.isNormalized).map { token in
      var text = token.text.withUnsafeBufferPointer { NormalizedText($0) }
      normalize(&text)
      var token = token
      token.text = text.bytes
      return token
    }
    return (
      AddedTokens(added.filter { !$0.isNormalized }),
      AddedTokens(second, keepsSpaces: normalizesSpaces)
    )
  }
}
