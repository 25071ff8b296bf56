import SparrowEngine

/// Pages of texts that have run, found again by the text: each by its own tokens, how it was made
/// and the page before it.
///
/// It keeps pages that nobody uses any more, until the pool needs them for others.
struct PrefixCache {
  /// A page's tokens, whether dense steps made it and all before it, and which page comes before:
  /// 0 for none.
  private struct Key: Hashable {
    let before: Int
    let isDense: Bool
    let tokens: ArraySlice<Int32>
  }

  private struct Entry {
    let id: Int
    var page: CachePage
    /// Pages before it.
    let depth: Int
    var lastUsed: Int
  }

  private var entries: [Key: Entry] = [:]
  private var lastID = 0
  private var now = 0

  /// Pages that it keeps.
  var count: Int { entries.count }

  /// How many whole pages of a text it has, for who takes dense ones alone or others too.
  func matches(_ tokens: ArraySlice<Int32>, isDense: Bool) -> Int {
    keys(tokens, isDense: isDense).count
  }

  /// The pages that a text begins with: dense ones, and behind them others for who is not dense.
  mutating func take(_ tokens: ArraySlice<Int32>, isDense: Bool) -> [CachePage] {
    now += 1
    return keys(tokens, isDense: isDense).map { key in
      entries[key]!.lastUsed = now
      return entries[key]!.page
    }
  }

  /// Keeps the pages of a text's beginning.
  mutating func keep(_ tokens: ArraySlice<Int32>, _ pages: ArraySlice<CachePage>) {
    now += 1
    var before = 0
    for (depth, page) in pages.enumerated() {
      let key = Key(
        before: before, isDense: page.isDense, tokens: Self.page(depth, of: tokens))
      if entries[key] == nil {
        lastID += 1
        // Its own copy: a slice would keep the whole text.
        let own = Key(before: before, isDense: key.isDense, tokens: Array(key.tokens)[...])
        entries[own] = Entry(id: lastID, page: page, depth: depth, lastUsed: now)
      }
      entries[key]!.lastUsed = now
      before = entries[key]!.id
    }
  }

  /// Lets go of `wanted` pages that nobody else has, or a sixteenth of all where that is more: the
  /// least recently used, and all that come after them in their texts. False where all are in use.
  ///
  /// Costs a look at each page that it keeps.
  mutating func evict(_ wanted: Int = 1) -> Bool {
    var unused: [(key: Key, lastUsed: Int, depth: Int)] = []
    // Not `indices`, which would hold the pages a second time.
    var index = entries.startIndex
    while index != entries.endIndex {
      if isKnownUniquelyReferenced(&entries.values[index].page) {
        let (key, entry) = entries[index]
        unused.append((key, entry.lastUsed, entry.depth))
      }
      entries.formIndex(after: &index)
    }
    guard !unused.isEmpty else { return false }
    unused.sort { ($0.lastUsed, -$0.depth) < ($1.lastUsed, -$1.depth) }
    var gone: Set<Int> = []
    for (key, _, _) in unused.prefix(max(wanted, entries.count / 16)) {
      gone.insert(entries.removeValue(forKey: key)!.id)
    }
    // Without the page before it nobody finds a page, and its owner would enter it once more.
    while !gone.isEmpty {
      let after = entries.keys.filter { gone.contains($0.before) }
      gone = []
      for key in after { gone.insert(entries.removeValue(forKey: key)!.id) }
    }
    return true
  }

  mutating func removeAll() { entries = [:] }

  /// The text's whole pages, as far as they are here.
  private func keys(_ tokens: ArraySlice<Int32>, isDense: Bool) -> [Key] {
    var keys: [Key] = []
    var before = 0
    for depth in 0..<tokens.count / CachePage.positions {
      let page = Self.page(depth, of: tokens)
      let made = (isDense ? [true] : [true, false]).lazy.map {
        Key(before: before, isDense: $0, tokens: page)
      }
      guard let key = made.first(where: { entries[$0] != nil }) else { break }
      keys.append(key)
      before = entries[key]!.id
    }
    return keys
  }

  private static func page(_ index: Int, of tokens: ArraySlice<Int32>) -> ArraySlice<Int32> {
    let start = tokens.startIndex + index * CachePage.positions
    return tokens[start..<start + CachePage.positions]
  }
}
