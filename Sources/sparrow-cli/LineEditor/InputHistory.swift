/// What was entered before, oldest first, and the walk through it.
struct InputHistory: Equatable {
  private(set) var entries: [String]
  /// The entry that is shown; the number of entries for what is being typed.
  private var place: Int
  /// What was being typed when the walk began.
  private var draft = ""

  /// Entries that are kept.
  static let limit = 1000

  init(_ entries: [String] = []) {
    self.entries = Array(entries.suffix(Self.limit))
    place = self.entries.count
  }

  /// Adds an entry unless it repeats the last, and ends the walk; false when nothing was added.
  @discardableResult
  mutating func add(_ entry: String) -> Bool {
    defer { place = entries.count }
    guard !entry.isEmpty, entry != entries.last else { return false }
    entries.append(entry)
    if entries.count > Self.limit { entries.removeFirst() }
    return true
  }

  /// The entry before the one that is shown; nil at the oldest.
  mutating func older(than text: String) -> String? {
    guard place > 0 else { return nil }
    if place == entries.count { draft = text }
    place -= 1
    return entries[place]
  }

  /// The entry after it, at last what was being typed; nil there.
  mutating func newer() -> String? {
    guard place < entries.count else { return nil }
    place += 1
    return place == entries.count ? draft : entries[place]
  }

  /// The last entry before `end` that holds `query`.
  func search(_ query: String, before end: Int) -> Int? {
    guard !query.isEmpty else { return nil }
    return entries.prefix(end).lastIndex { $0.contains(query) }
  }

  /// Ends the walk.
  mutating func rewind() { place = entries.count }
}
