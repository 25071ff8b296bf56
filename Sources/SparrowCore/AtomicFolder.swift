internal import CSparrowSystem

/// A folder of a few files that appears under its name whole or not at all.
///
/// The files go to a temporary folder beside it, which `commit` renames. Without `commit` nothing remains.
public struct AtomicFolder: ~Copyable {
  public let path: String
  /// The folder to write to before `commit`.
  public let temporary: String
  /// The only names that an older folder of that path may hold: others are not this writer's to remove.
  private let names: [String]
  private var committed = false

  /// Makes the folders above `path`. Throws `.system` when they cannot be written, or when there is
  /// something at `path` that holds anything but `names`.
  public init(path: String, names: [String]) throws(SparrowError) {
    var trimmed = path
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    if let kind = isFolder(trimmed) {
      guard kind, Self.entries(trimmed).allSatisfy({ names.contains($0) }) else {
        throw SparrowError(
          .system, file: trimmed, found: "something else is there",
          expected: "no such folder yet, or an older one with \(names.joined(separator: ", "))")
      }
    } else {
      try Self.makeParents(of: trimmed)
    }
    let temporary = "\(trimmed).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
    guard mkdir(temporary, 0o755) == 0 else { throw Self.failure(trimmed) }
    self.path = trimmed
    self.temporary = temporary
    self.names = names
  }

  /// Puts the folder in its place, instead of an older one; throws `.system`.
  public consuming func commit() throws(SparrowError) {
    if isFolder(path) == true {
      let old = temporary + ".old"
      guard rename(path, old) == 0 else { throw Self.failure(path) }
      guard rename(temporary, path) == 0 else {
        let error = Self.failure(path)
        _ = rename(old, path)
        throw error
      }
      Self.remove(old, names)
    } else {
      guard rename(temporary, path) == 0 else { throw Self.failure(path) }
    }
    committed = true
  }

  deinit {
    if !committed { Self.remove(temporary, names) }
  }

  private static func remove(_ folder: String, _ names: [String]) {
    for name in names { unlink(folder + "/" + name) }
    rmdir(folder)
  }

  private static func entries(_ folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let name = ss_next_entry(handle) { names.append(String(cString: name)) }
    return names
  }

  private static func makeParents(of path: String) throws(SparrowError) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    let parent = String(path[..<slash])
    guard isFolder(parent) == nil else { return }
    try makeParents(of: parent)
    guard mkdir(parent, 0o755) == 0 || isFolder(parent) == true else { throw failure(parent) }
  }

  private static func failure(_ path: String) -> SparrowError {
    SparrowError(
      .system, file: path, found: systemMessage(ss_errno()), expected: "a folder to write to")
  }
}
