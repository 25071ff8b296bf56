internal import CSparrowSystem

/// A file that grows at its end, made when there is none.
///
/// Each piece goes to the system at once: what was written outlives a process that is killed.
package struct AppendingFile: ~Copyable {
  package let path: String
  private let descriptor: Int32

  /// Throws `.system` when the file cannot be written. A new one is for its owner alone when it
  /// `isPrivate`.
  package init(path: String, isPrivate: Bool = false) throws(SparrowError) {
    descriptor = isPrivate ? ss_open_private(path) : ss_open_write(path, 1)
    self.path = path
    guard descriptor >= 0 else { throw Files.failure(path) }
  }

  /// Appends bytes; throws `.system` on a full disk.
  package mutating func write(_ bytes: [UInt8]) throws(SparrowError) {
    guard bytes.withUnsafeBytes({ Files.writeAll($0, to: descriptor) }) else {
      throw Files.failure(path)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
