internal import CSparrowSystem

/// A folder that appears under its name whole or not at all.
///
/// The files go to a temporary folder beside it, which `commit` renames. Without `commit` nothing remains.
public struct AtomicFolder: ~Copyable {
  public let path: String
  /// The folder to write to before `commit`.
  public let temporary: String
  private let names: [String]?
  private var committed = false

  /// Makes the folders above `path`. `names` are the only ones that an older folder of that path may
  /// hold: others are not this writer's to remove; nil where all of it is.
  ///
  /// Throws `.system` when the folders cannot be written, or for something else at `path`.
  public init(path: String, names: [String]?) throws(SparrowError) {
    var trimmed = path
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    if let kind = isFolder(trimmed) {
      let isOwn = names.map { Set(Files.names(in: trimmed)).isSubset(of: $0) } ?? true
      guard kind, isOwn else {
        let files = names.map { ", or an older one with " + $0.joined(separator: ", ") }
        throw SparrowError(
          .system, file: trimmed, found: "something else is there",
          expected: "no such folder yet" + (files ?? ""))
      }
    } else if let slash = trimmed.lastIndex(of: "/"), slash > trimmed.startIndex {
      try Files.makeFolder(String(trimmed[..<slash]))
    }
    let temporary = "\(trimmed).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
    guard mkdir(temporary, 0o755) == 0 else { throw Self.failure(trimmed) }
    self.path = trimmed
    self.temporary = temporary
    self.names = names
  }

  /// Waits for the disk and puts the folder in its place, instead of an older one; throws `.system`.
  public consuming func commit() throws(SparrowError) {
    try Files.syncAll(in: temporary)
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
    Files.syncParent(of: path)
  }

  deinit {
    if !committed { Self.remove(temporary, names) }
  }

  private static func remove(_ folder: String, _ names: [String]?) {
    guard let names else {
      try? Files.remove(folder)
      return
    }
    for name in names { unlink(folder + "/" + name) }
    rmdir(folder)
  }

  private static func failure(_ path: String) -> SparrowError {
    SparrowError(
      .system, file: path, found: systemMessage(ss_errno()), expected: "a folder to write to")
  }
}
