internal import SparrowCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// An empty folder for one test, removed with its files when the last reference goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    var template = Array("/tmp/sparrow-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw SparrowError(.system, file: "/tmp", found: "no temporary folder")
    }
    path = String(cString: made)
  }

  deinit { remove(path) }

  /// The names in the folder, sorted.
  public var names: [String] { Self.names(path).sorted() }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file and returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    guard let stream = fopen(file(name), "wb") else {
      throw SparrowError(.system, file: file(name), found: "cannot be written")
    }
    defer { fclose(stream) }
    guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
      throw SparrowError(.system, file: file(name), found: "cannot be written")
    }
    return file(name)
  }

  /// A copy of a file's bytes.
  public func read(_ name: String) throws -> [UInt8] { try contents(of: file(name)) }

  /// Writes a text file and returns its path.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  private static func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private func remove(_ path: String) {
    for name in Self.names(path) {
      let entry = path + "/" + name
      if unlink(entry) != 0 { remove(entry) }
    }
    rmdir(path)
  }
}
