/// Where a word stood before, and which tokens it became: most words come again.
///
/// Direct-mapped; holds places only, so that nothing is copied. Short texts go without.
struct WordCache {
  private struct Entry {
    var hash: UInt64 = 0
    var word = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var tokens: Range<Int> = 0..<0
    /// Entries of other generations are free: their words may be gone.
    var generation = 0
  }

  /// 48 bytes each; the words of a megabyte of prose need that many.
  private static let maximumSize = 16384
  /// Texts below this many bytes repeat too few words.
  private static let threshold = 1024

  private var entries: [Entry] = []
  private var generation = 1

  /// A cache for a text of so many bytes.
  init(for byteCount: Int) {
    guard byteCount >= Self.threshold else { return }
    var size = 128
    while size < Self.maximumSize, size < byteCount / 8 { size *= 2 }
    entries = Array(repeating: Entry(), count: size)
  }

  /// Forgets all words, since the memory that they lie in is about to go.
  mutating func forget() { generation += 1 }

  /// The tokens of an equal word earlier in the text.
  func find(_ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Range<Int>? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[Int(truncatingIfNeeded: hash) & (entries.count - 1)]
    guard entry.hash == hash, entry.generation == generation, entry.word.count == word.count
    else { return nil }
    for index in 0..<word.count where entry.word[index] != word[index] { return nil }
    return entry.tokens
  }

  /// Remembers a word, whose bytes must stay where they are until `forget`.
  mutating func store(
    _ hash: UInt64, _ word: UnsafeBufferPointer<UInt8>, _ tokens: Range<Int>
  ) {
    guard !entries.isEmpty else { return }
    entries[Int(truncatingIfNeeded: hash) & (entries.count - 1)] = Entry(
      hash: hash, word: word, tokens: tokens, generation: generation)
  }
}
