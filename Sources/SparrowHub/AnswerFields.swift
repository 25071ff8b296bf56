internal import SparrowCore

/// The status and the header fields of a server's answer, redirections followed.
struct AnswerFields {
  /// Of the last answer, such as 200; 0 when there was none.
  private(set) var code = 0
  private var values: [String: String] = [:]

  /// Reads what `curl --dump-header` writes: the answers one after the other. Of those before the
  /// last only the hub's `x-linked-…` and `x-error-…` fields are kept.
  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("HTTP/") {
        let words = line.split(separator: " ")
        code = words.count > 1 ? Int(words[1]) ?? 0 : 0
        values = values.filter { $0.key.hasPrefix("x-linked-") || $0.key.hasPrefix("x-error-") }
      } else if let colon = line.firstIndex(of: ":") {
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        values[line[..<colon].lowercased()] = String(value)
      }
    }
  }

  /// A field by its name in lower case.
  subscript(name: String) -> String? { values[name] }

  /// Bytes of the whole file that was asked for; nil when the server does not say, or says 0.
  var bytes: Int? {
    let size = (self["x-linked-size"] ?? self["content-length"]).flatMap { Int($0) }
    return size.flatMap { $0 > 0 ? $0 : nil }
  }

  /// The file's hash as the hub gives it. Other servers' entity tags may look like one and be none.
  func hash(fromHub: Bool) -> PublishedHash? {
    (self["x-linked-etag"] ?? (fromHub ? self["etag"] : nil)).flatMap { PublishedHash($0) }
  }

  /// What changes when the file does; empty when the server gives nothing of the kind.
  var version: String { self["etag"] ?? self["last-modified"] ?? "" }

  /// Seconds that the server asks to wait.
  var retryAfter: Double? {
    self["retry-after"].flatMap { Double($0) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }
}
