internal import CSparrowSystem

/// A folder that appears under its name whole or not at all.
///
/// The files go to a temporary folder beside it, which `commit` renames. Without `commit` nothing
/// remains.
public struct AtomicFolder: ~Copyable {
  public let path: String
  /// The folder to write to before `commit`.
  public let temporary: String
  private let names: [String]?
  private var committed = false

  /// Makes the folders above `path`. `names` are the only ones that an older folder of that path
  /// may hold: others are not this writer's to remove; nil where all of it is.
  ///
  /// Throws `.system` when the folders cannot be written, or for something else at `path`.
  public init(path: String, names: [String]?) throws(SparrowError) {
    let place = try Self.place(path, names)
    if let parent = Self.parent(of: place) { try Files.makeFolder(parent) }
    let temporary = try Self.makeTemporary(place)
    self.path = place
    self.temporary = temporary
    self.names = names
  }

  /// Throws what writing a folder there would throw, but for a full disk: before the work that its
  /// content is.
  public static func check(path: String, names: [String]?) throws(SparrowError) {
    var place = try Self.place(path, names)
    // Folders that are missing are made in the last one that is there.
    while let parent = Self.parent(of: place), !Files.exists(parent) { place = parent }
    rmdir(try makeTemporary(place))
  }

  /// The path without slashes and links at its end, when a folder may appear there.
  private static func place(_ path: String, _ names: [String]?) throws(SparrowError) -> String {
    var trimmed = path
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    trimmed = Files.followingLink(trimmed)
    func refuse(_ found: String, _ expected: String) -> SparrowError {
      SparrowError(.system, file: path, found: found, expected: expected)
    }
    guard ![".", "..", "/", ""].contains(trimmed), !trimmed.hasSuffix("/."),
      !trimmed.hasSuffix("/.."), ss_is_mount(trimmed) == 0
    else {
      throw refuse("a folder that cannot be replaced", "the name of a folder in it")
    }
    guard let isFolder = isFolder(trimmed) else { return trimmed }
    guard isFolder, names.map({ Set(Files.names(in: trimmed)).isSubset(of: $0) }) ?? true else {
      let files = names.map { ", or an older one with " + $0.joined(separator: ", ") }
      throw refuse("something else is there", "no such folder yet" + (files ?? ""))
    }
    return trimmed
  }

  private static func parent(of path: String) -> String? {
    path.lastIndex(of: "/").flatMap { $0 > path.startIndex ? String(path[..<$0]) : nil }
  }

  private static func makeTemporary(_ place: String) throws(SparrowError) -> String {
    let temporary = "\(place).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
    guard mkdir(temporary, 0o755) == 0 else { throw failure(place) }
    return temporary
  }

  /// Waits for the disk and puts the folder in its place, instead of an older one; throws
  /// `.system`.
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
