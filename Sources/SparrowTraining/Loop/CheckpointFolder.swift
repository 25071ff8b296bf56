package import SparrowCore

/// The checkpoints of a run: folders `step-00001200`, each whole, the newest two kept.
///
/// One process writes. A save that is killed leaves a folder of another name, which the next start
/// removes.
package struct CheckpointFolder: Sendable {
  /// A checkpoint that is whole.
  package struct Entry: Sendable, Equatable {
    package let step: Int
    package let path: String
  }

  package let path: String

  private static let prefix = "step-"
  private static let kept = 2

  /// Makes the folder and clears what killed saves have left. Throws `.system`.
  package init(path: String) throws(SparrowError) {
    try Files.makeFolder(path)
    self.path = path
    for name in Files.names(in: path) where name.hasPrefix(Self.prefix) && Self.step(name) == nil {
      if name.hasSuffix(".partial") || name.hasSuffix(".old") {
        try Files.remove(path + "/" + name)
      }
    }
  }

  /// The checkpoint of the most steps; nil when there is none.
  package var latest: Entry? { entries.last }

  /// All checkpoints, ascending.
  var entries: [Entry] {
    Files.names(in: path).compactMap { name in
      guard let step = Self.step(name), Files.isFolder(path + "/" + name) else { return nil }
      return Entry(step: step, path: path + "/" + name)
    }.sorted { $0.step < $1.step }
  }

  /// Saves the checkpoint of a step, in place of an older one of that step: `write` fills the
  /// folder that it is given.
  ///
  /// The files are on the disk before the folder gets its name; then checkpoints but the newest two
  /// are removed. Steps ascend: `.mismatch` where a later one is there. What `write` throws is
  /// thrown on, and nothing of its folder remains; a full disk is `.system`, and names the
  /// checkpoint that is still whole.
  @discardableResult
  package func save(
    step: Int, _ write: (_ folder: String) throws(SparrowError) -> Void
  ) throws(SparrowError) -> Entry {
    precondition(step >= 0, "a step")
    if let latest, latest.step > step {
      throw SparrowError(
        .mismatch, file: latest.path, found: "a later checkpoint than step \(step)",
        expected: "an empty folder for a new run, or the latest checkpoint to resume from")
    }
    let digits = "\(step)"
    let name = Self.prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let entry = Entry(step: step, path: path + "/" + name)
    do throws(SparrowError) {
      let folder = try AtomicFolder(path: entry.path, names: nil)
      try write(folder.temporary)
      try folder.commit()
    } catch {
      guard error.kind == .system else { throw error }
      let rest = latest.map { "; the checkpoint of step \($0.step) is whole" } ?? ""
      throw SparrowError(
        .system, file: entry.path, found: "not saved: " + error.found,
        expected: "room for a checkpoint in a folder to write to" + rest)
    }
    // A name that is no checkpoint's first: what is half removed must never be found.
    for old in entries.dropLast(Self.kept) {
      try Files.move(old.path, to: old.path + ".old")
      try Files.remove(old.path + ".old")
    }
    return entry
  }

  /// The step that a checkpoint's name tells; nil for other names.
  private static func step(_ name: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    let digits = name.utf8.dropFirst(prefix.utf8.count)
    guard digits.count >= 8, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(String(name.dropFirst(prefix.count)))
  }
}
