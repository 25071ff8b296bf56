internal import Synchronization

/// A model's tokens as bytes, ordered for finding those that a grammar allows; made once a model
/// and shared.
///
/// Memory: about 45 bytes a token. 262,144 tokens take about 0.1 s.
public final class TokenVocabulary: Sendable {
  /// Ids are below this.
  public let count: Int
  /// A token's bytes, one after the other; `offsets` has where each begins.
  private let blob: [UInt8]
  private let offsets: [UInt32]
  /// All tokens, and those that are not plain text.
  let all: TokenTrie
  let special: TokenTrie
  /// Characters of a token of plain text, 0 for others.
  private let plainLengths: [UInt8]
  /// Characters of the longest token of plain text.
  let longestPlain: Int
  /// Bits of the plain tokens of at most so many characters, as they were asked for.
  private let plainWords = Mutex<[Int: [UInt64]]>([:])

  /// Tokens of more bytes are never allowed.
  private static let longest = 4096

  /// Takes each token's own bytes in the order of ids, nil for control tokens, which no grammar
  /// allows; nor does one allow tokens without bytes.
  public init(tokens: [[UInt8]?]) {
    count = tokens.count
    var blob: [UInt8] = []
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(tokens.count + 1)
    for token in tokens {
      if let token, token.count <= Self.longest, blob.count + token.count < Int(UInt32.max) {
        blob += token
      }
      offsets.append(UInt32(blob.count))
    }
    let lengths = tokens.indices.map { id in
      blob.withUnsafeBufferPointer {
        PlainText.characters(
          UnsafeBufferPointer(rebasing: $0[Int(offsets[id])..<Int(offsets[id + 1])]))
      }
    }
    let sorted = Self.sort(blob, offsets)
    func bytes(_ id: Int32) -> ArraySlice<UInt8> {
      blob[Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])]
    }
    all = TokenTrie(sorted: sorted, bytes: bytes)
    special = TokenTrie(sorted: sorted.filter { lengths[Int($0)] == 0 }, bytes: bytes)
    longestPlain = Int(lengths.max() ?? 0)
    plainLengths = lengths
    self.blob = blob
    self.offsets = offsets
  }

  /// A token's bytes; empty for control tokens and ids out of range.
  func bytes(of token: Int32) -> ArraySlice<UInt8> {
    guard token >= 0, Int(token) < count else { return [] }
    return blob[Int(offsets[Int(token)])..<Int(offsets[Int(token) + 1])]
  }

  /// Words of a mask.
  var wordCount: Int { (count + 63) / 64 }

  /// The mask's bits of all plain tokens of at most so many characters.
  func plain(most: Int) -> [UInt64] {
    let most = min(most, longestPlain)
    return plainWords.withLock { known in
      if let words = known[most] { return words }
      var words = [UInt64](repeating: 0, count: wordCount)
      for (id, length) in plainLengths.enumerated() where length > 0 && length <= most {
        words[id >> 6] |= 1 << UInt64(id & 63)
      }
      known[most] = words
      return words
    }
  }

  /// Ids of the tokens that have bytes, in the order of these.
  private static func sort(_ blob: [UInt8], _ offsets: [UInt32]) -> [Int32] {
    var keys: [(start: UInt64, id: Int32)] = []
    keys.reserveCapacity(offsets.count - 1)
    for id in 0..<offsets.count - 1 where offsets[id] < offsets[id + 1] {
      var start: UInt64 = 0
      let range = Int(offsets[id])..<Int(offsets[id + 1])
      for at in range.lowerBound..<range.lowerBound + 8 {
        start = start << 8 | (at < range.upperBound ? UInt64(blob[at]) : 0)
      }
      keys.append((start, Int32(id)))
    }
    // Most differ in their first eight bytes.
    blob.withUnsafeBufferPointer { blob in
      offsets.withUnsafeBufferPointer { offsets in
        keys.sort { a, b in
          if a.start != b.start { return a.start < b.start }
          let first = blob[Int(offsets[Int(a.id)])..<Int(offsets[Int(a.id) + 1])]
          let second = blob[Int(offsets[Int(b.id)])..<Int(offsets[Int(b.id) + 1])]
          if first.elementsEqual(second) { return a.id < b.id }
          return first.lexicographicallyPrecedes(second)
        }
      }
    }
    return keys.map(\.id)
  }
}
