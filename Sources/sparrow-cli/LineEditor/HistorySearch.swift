/// Looking for an earlier message by a part of it, from the latest to the oldest.
struct HistorySearch: Equatable {
  /// What stood in the line before.
  let original: EditedText
  /// What was found, the cursor at the part; `original` until then.
  private(set) var found: EditedText
  private var query = ""
  private var place: Int
  private var failed = false

  init(_ history: InputHistory, from text: EditedText) {
    original = text
    found = text
    place = history.entries.count
  }

  var prompt: String { "(search\(failed ? " failed" : "")) '\(query)': " }

  /// Takes a key; false for one that ends the search.
  mutating func take(_ key: Key, _ history: InputHistory) -> Bool {
    switch key {
    case .text(let text), .paste(let text):
      query += text
      look(before: min(place + 1, history.entries.count), history)
    case .backspace:
      query = String(query.dropLast())
      found = query.isEmpty ? original : found
      look(before: history.entries.count, history)
    case .control("r"): look(before: place, history)
    default: return false
    }
    return true
  }

  private mutating func look(before end: Int, _ history: InputHistory) {
    failed = false
    guard !query.isEmpty else { return }
    guard let index = history.search(query, before: end) else {
      failed = true
      return
    }
    place = index
    found = EditedText(history.entries[index])
    let text = history.entries[index]
    if let part = text.range(ofFirst: query) { found.move(to: text[..<part].count) }
  }
}

extension String {
  /// Where `part` first begins.
  fileprivate func range(ofFirst part: String) -> Index? {
    indices.first { self[$0...].hasPrefix(part) }
  }
}
