extension HuggingFaceTokenizer {
  /// Every way to make a token of two others, the token of the best score first.
  ///
  /// SentencePiece merges by the score of the result alone, byte-pair encoding by the pair: among
  /// the pairs of one result the order is that of transformers' `generate_merges`.
  static func merges(
    of description: TokenizerDescription, _ texts: [String], _ priorities: [UInt32]
  ) -> [String] {
    struct Pair {
      let left: Int32
      let right: Int32
      let priority: UInt32
      let leftLength: Int
    }
    let vocabulary = description.vocabulary
    var pairs: [Pair] = []
    for id in texts.indices {
      let kind = description.kinds[id]
      // A space would end the left half; SentencePiece writes U+2581.
      guard kind.isMergeable || kind == .userDefined, !texts[id].utf8.contains(0x20) else {
        continue
      }
      let bytes = Array(vocabulary.bytes(of: Int32(id)))
      var own: [Pair] = []
      bytes.withUnsafeBufferPointer { bytes in
        for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
          guard let left = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<cut])),
            let right = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[cut...]))
          else { continue }
          own.append(
            Pair(left: left, right: right, priority: priorities[id], leftLength: cut))
        }
      }
      pairs += own.sorted { ($0.left, $0.right) < ($1.left, $1.right) }
    }
    let order = pairs.indices.sorted {
      let (a, b) = (pairs[$0], pairs[$1])
      return a.priority != b.priority
        ? a.priority < b.priority
        : a.leftLength != b.leftLength ? a.leftLength > b.leftLength : $0 < $1
    }
    return order.map { texts[Int(pairs[$0].left)] + " " + texts[Int(pairs[$0].right)] }
  }
}
