/// The control groups that this process is in, of versions 1 and 2 of Linux's cgroups, and what
/// they grant it.
///
/// A group grants no more than the groups around it: a limit is the least from the process's own
/// group to the root that it can see. Where there are no groups, nothing is limited.
package struct ControlGroups: Sendable, Equatable {
  /// A hierarchy of groups: version 2's, whose controllers are all in one, or one of version 1.
  struct Hierarchy: Sendable, Equatable {
    /// Names of version 1's controllers; empty for version 2.
    var controllers: [String]
    /// The process's own group and those around it, the root's folder last.
    var folders: [String]
  }

  let hierarchies: [Hierarchy]

  /// Reads the groups of this process; `root` stands in for `/` in tests.
  package init(root: String = "") {
    let groups = Files.textOfUnknownSize(root + "/proc/self/cgroup") ?? ""
    let mounts = Files.textOfUnknownSize(root + "/proc/self/mountinfo") ?? ""
    let lines = mounts.split(separator: "\n").compactMap { Mount(line: $0) }
    hierarchies = groups.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      let controllers = parts[1].split(separator: ",").map(String.init)
      guard let mount = lines.first(where: { $0.holds(controllers) }) else { return nil }
      return Hierarchy(
        controllers: controllers, folders: mount.folders(ofGroup: parts[2]).map { root + $0 })
    }
  }

  /// Processors' worth of time that the process may use, such as 1.5; nil for no limit.
  package var processorQuota: Double? {
    let one = least(of: "cpu") { folder in
      guard let quota = Self.number(folder + "/cpu.cfs_quota_us"), quota > 0,
        let period = Self.number(folder + "/cpu.cfs_period_us"), period > 0
      else { return nil }
      return quota / period
    }
    let two = least(of: nil) { folder in
      let words = Self.words(folder + "/cpu.max")
      guard let quota = words.first.flatMap(Double.init), quota > 0 else { return nil }
      // The kernel always names the period; its default is 0.1 s.
      let period = words.count > 1 ? Double(words[1]) ?? 0 : 100_000
      return period > 0 ? quota / period : nil
    }
    return [one, two].compactMap { $0 }.min()
  }

  /// Bytes of memory that the process and its group may hold; nil for no limit.
  package var memoryLimit: Int? {
    let one = least(of: "memory") { Self.number($0 + "/memory.limit_in_bytes") }
    let two = least(of: nil) { Self.number($0 + "/memory.max") }
    // Version 1 says "no limit" with a number near 2^63.
    return [one, two].compactMap { $0 }.min().flatMap { $0 >= 0 && $0 < 0x1p60 ? Int($0) : nil }
  }

  private func least(of controller: String?, _ limit: (String) -> Double?) -> Double? {
    let own = hierarchies.filter { hierarchy in
      controller.map(hierarchy.controllers.contains) ?? hierarchy.controllers.isEmpty
    }
    return own.flatMap(\.folders).compactMap(limit).min()
  }

  private static func words(_ path: String) -> [Substring] {
    (Files.textOfUnknownSize(path) ?? "").split(whereSeparator: \.isWhitespace)
  }

  private static func number(_ path: String) -> Double? {
    words(path).first.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
  }
}

/// Where a hierarchy of groups is mounted: a line of `mountinfo`.
private struct Mount {
  /// The group that the mount shows as its root: in a container often the container's own.
  let group: String
  let folder: String
  /// Of version 1, which controllers it has among other options; empty for version 2.
  let options: [Substring]

  /// nil for other file systems and lines that say too little.
  init?(line: Substring) {
    let words = line.split(separator: " ")
    guard let dash = words.firstIndex(of: "-"), dash >= 5, words.count > dash + 3 else {
      return nil
    }
    switch words[dash + 1] {
    case "cgroup2": options = []
    case "cgroup": options = words[dash + 3].split(separator: ",")
    default: return nil
    }
    group = Self.unescaped(words[3])
    folder = Self.unescaped(words[4])
  }

  func holds(_ controllers: [String]) -> Bool {
    guard !controllers.isEmpty else { return options.isEmpty }
    return controllers.allSatisfy { options.contains(Substring($0)) }
  }

  /// Folders of the group and of those around it up to the mount's root. A group outside of what
  /// the mount shows leaves its root alone.
  func folders(ofGroup path: Substring) -> [String] {
    var rest = path[...]
    if group != "/" {
      guard path == group || path.hasPrefix(group + "/") else { return [folder] }
      rest = path.dropFirst(group.count)
    }
    let names = rest.split(separator: "/")
    guard !names.contains("..") else { return [folder] }
    return (0...names.count).reversed().map { count in
      ([Substring(folder)] + names.prefix(count)).joined(separator: "/")
    }
  }

  /// Spaces and the like are written as `\040`.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let code = UInt8(String(Substring(digits)), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
