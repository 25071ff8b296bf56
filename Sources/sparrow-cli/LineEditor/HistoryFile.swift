import SparrowCore
import SparrowHub

/// The messages entered in earlier chats, in the cache, for the user alone to read: a JSON string a
/// line.
///
/// Keeping them never fails a chat: what cannot be read or written is left out.
struct HistoryFile {
  let path: String

  /// Longer entries are forgotten with the chat.
  private static let longest = 1 << 16

  init(path: String) { self.path = path }

  /// The file of the user's cache; nil where there is none.
  init?() {
    guard let cache = try? ModelCache() else { return nil }
    self.init(path: cache.root + "/chat-history")
  }

  /// The latest entries. A file that has grown to twice as many is cut down to them.
  func read() -> [String] {
    guard let bytes = try? Files.read(path) else { return [] }
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    let entries = lines.suffix(InputHistory.limit).compactMap { line in
      (try? JSON.parse(Array(line)))?.string
    }
    if lines.count > 2 * InputHistory.limit { cut(to: entries) }
    return entries
  }

  func append(_ entry: String) {
    guard entry.utf8.count <= Self.longest else { return }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    try? Files.makeFolder(folder.joined(separator: "/"))
    try? Self.write([entry], to: path)
  }

  private func cut(to entries: [String]) {
    let temporary = path + ".partial"
    try? Files.remove(temporary)
    guard (try? Self.write(entries, to: temporary)) != nil else { return }
    try? Files.move(temporary, to: path)
  }

  private static func write(_ entries: [String], to path: String) throws(SparrowError) {
    var file = try AppendingFile(path: path, isPrivate: true)
    let lines = entries.map { JSON.string($0).text() + "\n" }
    try file.write(Array(lines.joined().utf8))
  }
}
