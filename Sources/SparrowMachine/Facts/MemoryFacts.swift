internal import SparrowCore

/// Memory: the machine's, and what the control group leaves of it.
struct MemoryFacts {
  /// Bytes; nil where the system does not say.
  var total: Int?
  var available: Int?
  /// The control group's.
  var limit: Int?
  /// Transparent huge pages: `always`, `madvise` or `never`.
  var hugePages: String?

  init(root: String = "", groups: ControlGroups) {
    let fields = Self.fields(Files.textOfUnknownSize(root + "/proc/meminfo") ?? "")
    total = fields["MemTotal"]
    available = fields["MemAvailable"]
    limit = groups.memoryLimit
    hugePages = Self.choice(
      Files.textOfUnknownSize(root + "/sys/kernel/mm/transparent_hugepage/enabled") ?? "")
  }

  /// Bytes that may be used now, as far as is known.
  var usable: Int? { [available ?? total, limit].compactMap { $0 }.min() }

  /// Lines such as `MemTotal: 1024 kB`, in bytes.
  static func fields(_ text: String) -> [String: Int] {
    var fields: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[2] == "kB", words[0].hasSuffix(":"),
        let count = Int(words[1]), (0..<1 << 50).contains(count)
      else { continue }
      fields[String(words[0].dropLast())] = count * 1024
    }
    return fields
  }

  /// The word in brackets: `always [madvise] never`.
  static func choice(_ text: String) -> String? {
    text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("[") && $0.hasSuffix("]") }
      .map { String($0.dropFirst().dropLast()) }
  }

  var findings: [Finding] {
    func size(_ bytes: Int?) -> String { bytes.map(Quantity.bytes) ?? "unknown" }
    let limited = limit.map { "a limit of \(Quantity.bytes($0))" } ?? "no limit"
    let isHuge = hugePages == "always" || hugePages == "madvise"
    return [
      Finding(
        "memory", "\(size(total)), \(size(available)) available, \(limited)",
        [
          "bytes": total.map(JSON.integer) ?? .null,
          "available_bytes": available.map(JSON.integer) ?? .null,
          "limit_bytes": limit.map(JSON.integer) ?? .null,
        ]),
      Finding(
        "huge pages", hugePages ?? "unknown", hugePages.map(JSON.string) ?? .null,
        isHuge ? .fine : .missing,
        advice: isHuge
          ? ""
          : "decoding reads memory more slowly without; as root: "
            + "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"),
    ]
  }
}
