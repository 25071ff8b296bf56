internal import CSparrowSystem

/// A file that appears under its name whole or not at all.
///
/// The bytes go to a temporary file beside it; `commit` waits for the disk and renames it. Without
/// `commit` nothing remains. Where a link leads to a file, that file is replaced.
public struct AtomicFile: ~Copyable {
  public let path: String
  private let target: String
  private let temporary: String
  private let descriptor: Int32
  private var committed = false

  /// Throws `.system` when the folder is missing or may not be written, and for a folder, a device
  /// or a pipe at
  /// `path`.
  public init(path: String) throws(SparrowError) {
    let target = Files.followingLink(path)
    guard !path.isEmpty, !path.hasSuffix("/"), ss_path_kind(target) <= 1 else {
      throw SparrowError(
        .system, file: path, found: isFolder(target) == false ? "no regular file" : "a folder",
        expected: "the name of a file to write")
    }
    var name = ""
    var descriptor: Int32 = -1
    for _ in 0..<8 where descriptor < 0 {
      name = "\(target).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
      descriptor = ss_create(name)
      if descriptor < 0, ss_errno() != EEXIST { break }
    }
    guard descriptor >= 0 else {
      throw SparrowError(
        .system, file: path, found: systemMessage(ss_errno()), expected: "a folder to write to")
    }
    self.path = path
    self.target = target
    self.temporary = name
    self.descriptor = descriptor
  }

  /// Throws what writing a file there would throw, but for a full disk: before the work that its
  /// content is.
  public static func check(path: String) throws(SparrowError) { _ = try AtomicFile(path: path) }

  /// Appends bytes; throws `.system` on a full disk.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SparrowError) {
    guard Files.writeAll(bytes, to: descriptor) else { throw Files.failure(path) }
  }

  /// Appends bytes; throws `.system` on a full disk.
  public mutating func write(_ bytes: [UInt8]) throws(SparrowError) {
    var result: Result<Void, SparrowError> = .success(())
    bytes.withUnsafeBytes { raw in
      do throws(SparrowError) { try write(raw) } catch { result = .failure(error) }
    }
    try result.get()
  }

  /// Puts the file in its place, over an older one of that name; throws `.system`.
  public consuming func commit() throws(SparrowError) {
    guard fsync(descriptor) == 0, rename(temporary, target) == 0 else {
      throw SparrowError(.system, file: path, found: systemMessage(ss_errno()))
    }
    committed = true
    Files.syncParent(of: target)
  }

  deinit {
    close(descriptor)
    if !committed { unlink(temporary) }
  }
}
