internal import CSparrowSystem
internal import SparrowCore
internal import SparrowHub

/// Where pulled models go: which folder, whether it can be written, and what is free there.
struct CacheFacts {
  /// With no names in it; nil where nothing says where the cache is.
  var path: String?
  var isWritable = false
  /// Bytes free on its disk.
  var free: Int?

  init(environment: [String: String]) {
    guard let cache = try? ModelCache(environment: environment) else { return }
    path = Self.withoutNames(cache.root, environment)
    // The folder is made when it is first needed: what counts is the nearest that is there.
    var folder = cache.root
    while !Files.exists(folder), let slash = folder.lastIndex(of: "/"), folder != "/" {
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
    if !Files.exists(folder) { folder = "." }
    isWritable = Files.isFolder(folder) && access(folder, W_OK | X_OK) == 0
    let bytes = ss_free_bytes(folder)
    free = bytes < 0 ? nil : Int(bytes)
  }

  /// The home folder as `~`, and names of users elsewhere as `$USER`.
  static func withoutNames(_ path: String, _ environment: [String: String]) -> String {
    var path = path
    if let home = environment["HOME"], home.count > 1, path == home || path.hasPrefix(home + "/") {
      path = "~" + path.dropFirst(home.count)
    }
    let names = Set(["USER", "LOGNAME"].compactMap { environment[$0] })
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for (index, part) in parts.enumerated() where index > 0 && !part.isEmpty {
      if names.contains(part) || index == 2 && ["home", "Users"].contains(parts[1]) {
        parts[index] = "$USER"
      }
    }
    return parts.joined(separator: "/")
  }

  var finding: Finding {
    let value: JSON = [
      "path": path.map(JSON.string) ?? .null, "writable": .bool(isWritable),
      "free_bytes": free.map(JSON.integer) ?? .null,
    ]
    guard let path else {
      return Finding(
        "cache", "none", value, .broken,
        advice: "HOME is not set: set SPARROW_CACHE to a folder for models")
    }
    let size = free.map { Quantity.bytes($0) + " free" } ?? "free space unknown"
    guard isWritable else {
      return Finding(
        "cache", "\(path), cannot be written, \(size)", value, .broken,
        advice: "set SPARROW_CACHE to a folder that you may write")
    }
    return Finding("cache", "\(path), \(size)", value)
  }
}
