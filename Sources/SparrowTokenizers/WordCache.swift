/// Where in this text a word stood before, and which tokens it became: most words come again.
///
/// Direct-mapped; holds places only, so that nothing is copied. Short texts go without.
struct WordCache {
  private struct Entry {
    var hash: UInt64 = 0
    var word: Range<Int> = 0..<0
    var tokens: Range<Int> = 0..<0
  }

  private static let size = 4096
  /// Texts below this many bytes repeat too few words.
  private static let threshold = 1024

  private var entries: [Entry] = []
  private var isOn = false

  /// Forgets all words, for the next text.
  mutating func reset(for byteCount: Int) {
    isOn = byteCount >= Self.threshold
    entries = isOn ? [Entry](repeating: Entry(), count: Self.size) : []
  }

  /// The tokens of an equal word earlier in `text`.
  func find(
    _ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64, in text: UnsafeBufferPointer<UInt8>
  ) -> Range<Int>? {
    guard isOn else { return nil }
    let entry = entries[Int(truncatingIfNeeded: hash) & (Self.size - 1)]
    guard entry.hash == hash, entry.word.count == word.count else { return nil }
    for index in 0..<word.count where text[entry.word.lowerBound + index] != word[index] {
      return nil
    }
    return entry.tokens
  }

  mutating func store(_ hash: UInt64, _ word: Range<Int>, _ tokens: Range<Int>) {
    guard isOn else { return }
    entries[Int(truncatingIfNeeded: hash) & (Self.size - 1)] = Entry(
      hash: hash, word: word, tokens: tokens)
  }
}
