/// Tokens by their bytes, as a tree that is walked from one end of an array to the other.
struct TokenTrie: Sendable {
  struct Node: Sendable {
    /// Where the nodes below this one end.
    var end: UInt32
    /// The token that ends here, or -1. Of tokens with the same bytes each has a node.
    var token: Int32
    /// Bytes on the way here.
    let depth: UInt16
    let byte: UInt8
  }

  private(set) var nodes: [Node] = []
  private(set) var depth = 0

  /// The tree of some tokens, which come in the order of their bytes.
  init(sorted tokens: [Int32], bytes: (Int32) -> ArraySlice<UInt8>) {
    nodes.reserveCapacity(2 * tokens.count)
    var path: [Int] = []
    var last: ArraySlice<UInt8> = []
    for token in tokens {
      let text = bytes(token)
      var common = 0
      for (a, b) in zip(text, last) {
        guard a == b else { break }
        common += 1
      }
      // A twin's node stands beside the first's.
      if common == text.count { common -= 1 }
      close(&path, to: common)
      for byte in text.dropFirst(common) {
        path.append(nodes.count)
        nodes.append(Node(end: 0, token: -1, depth: UInt16(path.count), byte: byte))
      }
      nodes[nodes.count - 1].token = token
      depth = max(depth, text.count)
      last = text
    }
    close(&path, to: 0)
  }

  private mutating func close(_ path: inout [Int], to depth: Int) {
    while path.count > depth { nodes[path.removeLast()].end = UInt32(nodes.count) }
  }
}
