internal import CSparrowSystem

/// A file that appears under its name whole or not at all.
///
/// The bytes go to a temporary file beside it; `commit` waits for the disk and renames it. Without
/// `commit` nothing remains.
public struct AtomicFile: ~Copyable {
  public let path: String
  private let temporary: String
  private let descriptor: Int32
  private var committed = false

  /// Throws `.system` when the folder is missing or may not be written.
  public init(path: String) throws(SparrowError) {
    var name = ""
    var descriptor: Int32 = -1
    for _ in 0..<8 where descriptor < 0 {
      name = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
      descriptor = ss_create(name)
      if descriptor < 0, ss_errno() != EEXIST { break }
    }
    guard descriptor >= 0 else {
      throw SparrowError(
        .system, file: path, found: systemMessage(ss_errno()), expected: "a folder to write to")
    }
    self.path = path
    self.temporary = name
    self.descriptor = descriptor
  }

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
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw SparrowError(.system, file: path, found: systemMessage(ss_errno()))
    }
    committed = true
    Files.syncParent(of: path)
  }

  deinit {
    close(descriptor)
    if !committed { unlink(temporary) }
  }
}
