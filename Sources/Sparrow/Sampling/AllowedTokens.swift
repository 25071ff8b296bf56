import SparrowGrammar

/// The tokens among which one is chosen: those of a mask, and the model's end tokens where the text
/// may end.
struct AllowedTokens {
  let mask: TokenMask
  /// Ascending.
  let ends: [Int32]

  var count: Int { mask.count + ends.count }

  var isEmpty: Bool { mask.count == 0 && ends.isEmpty }

  func contains(_ token: Int32) -> Bool { mask.contains(token) || ends.contains(token) }

  /// Calls for each, ascending.
  func forEach(_ body: (Int32) -> Void) {
    var rest = ends[...]
    mask.forEach { token in
      while let end = rest.first, end < token { body(rest.removeFirst()) }
      if rest.first == token { rest.removeFirst() }
      body(token)
    }
    rest.forEach(body)
  }
}
