public import SparrowCore

/// A model in the cache: where it came from and what it consists of.
public struct PulledModel: Sendable, Equatable {
  /// One of its files; the name is relative to the model's folder.
  public struct File: Sendable, Equatable {
    public let name: String
    public let bytes: Int
    /// Of the file as it was received, in hexadecimal.
    public let sha256: String
    /// True when the publisher's own checksum was known and agreed.
    public let checked: Bool
  }

  /// The source as it was asked for.
  public let source: String
  /// The version that was got: a commit of the hub, a package's version; empty when there is none.
  public let revision: String
  /// The model's folder below the cache's root.
  public let folder: String
  /// The file to load; empty when the folder itself is to be loaded.
  public let entry: String
  public let files: [File]

  /// Bytes of all files together.
  public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  static let manifestName = "sparrow.json"

  init(source: String, revision: String, folder: String, entry: String, files: [File]) {
    self.source = source
    self.revision = revision
    self.folder = folder
    self.entry = entry
    self.files = files
  }

  init(json: JSON, folder: String, file: String) throws(SparrowError) {
    guard let source = json["source"]?.string, let entry = json["entry"]?.string,
      let items = json["files"]?.array, entry.isEmpty || Self.isPlain(entry)
    else {
      throw SparrowError(
        .malformed, file: file, found: "no source, entry or files", expected: "a manifest")
    }
    var files: [File] = []
    for item in items {
      guard let name = item["name"]?.string, Self.isPlain(name), let bytes = item["bytes"]?.int,
        let hash = item["sha256"]?.string
      else {
        throw SparrowError(
          .malformed, file: file, field: "files", found: item.text(),
          expected: "name, bytes, sha256")
      }
      files.append(
        File(name: name, bytes: bytes, sha256: hash, checked: item["checked"]?.bool ?? false))
    }
    self.init(
      source: source, revision: json["revision"]?.string ?? "", folder: folder, entry: entry,
      files: files)
  }

  /// The manifest.
  public var json: JSON {
    let items = files.map { file -> JSON in
      [
        "name": .string(file.name), "bytes": .integer(file.bytes), "sha256": .string(file.sha256),
        "checked": .bool(file.checked),
      ]
    }
    return [
      "source": .string(source), "revision": .string(revision), "entry": .string(entry),
      "files": .array(items),
    ]
  }

  /// True for a name that stays inside its folder: no slash, no `..`, not empty, not hidden.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".")
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }
}
