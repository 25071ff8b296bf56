/// Which tokens may come next, out of a vocabulary.
///
/// Immutable and cheap to copy: the few of most places are kept as a list, the many inside a text
/// as bits.
public struct TokenMask: Sendable, Equatable {
  private enum Members: Sendable, Equatable {
    case few([Int32])
    case many([UInt64])
  }

  private let members: Members
  /// Tokens that are allowed.
  public let count: Int

  static let none = TokenMask(words: [])

  /// Takes 64 tokens a word, the lowest first.
  init(words: [UInt64]) {
    var count = 0
    for word in words { count += word.nonzeroBitCount }
    self.count = count
    if count > words.count {
      members = .many(words)
    } else {
      var few: [Int32] = []
      few.reserveCapacity(count)
      Self.forEach(in: words) { few.append($0) }
      members = .few(few)
    }
  }

  /// Whether a token is allowed; ids out of range are not. Constant time, or a search among few.
  public func contains(_ token: Int32) -> Bool {
    switch members {
    case .few(let tokens):
      var (low, high) = (0, tokens.count)
      while low < high {
        let middle = (low + high) / 2
        if tokens[middle] < token { low = middle + 1 } else { high = middle }
      }
      return low < tokens.count && tokens[low] == token
    case .many(let words):
      guard token >= 0, Int(token) < 64 * words.count else { return false }
      return words[Int(token) >> 6] >> UInt64(token & 63) & 1 != 0
    }
  }

  /// Calls for each token that is allowed, ascending.
  public func forEach(_ body: (Int32) -> Void) {
    switch members {
    case .few(let tokens): tokens.forEach(body)
    case .many(let words): Self.forEach(in: words, body)
    }
  }

  private static func forEach(in words: [UInt64], _ body: (Int32) -> Void) {
    for (index, word) in words.enumerated() where word != 0 {
      var rest = word
      while rest != 0 {
        body(Int32(64 * index + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
  }

  /// Adds the members to bits.
  func form(_ words: inout [UInt64]) {
    switch members {
    case .few(let tokens):
      for token in tokens { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
    case .many(let more):
      for index in words.indices { words[index] |= more[index] }
    }
  }

  /// Bytes that it takes.
  var size: Int {
    switch members {
    case .few(let tokens): 4 * tokens.count
    case .many(let words): 8 * words.count
    }
  }
}
