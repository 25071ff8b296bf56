internal import CSparrowSystem

/// A file mapped read-only into memory; unmapped when the last reference goes.
///
/// Opening costs no reads: pages arrive when first touched. A file cut short by someone else while
/// it is mapped ends the process (`SIGBUS`), as with every memory map.
public final class MappedFile: Sendable {
  public let path: String
  /// The whole file, in bytes; only while the caller holds the file. A temporary may be gone before
  /// its bytes are read, so hold it, with `withExtendedLifetime` where nothing else does.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Throws `.system` when the file cannot be opened, is no regular file, or cannot be mapped.
  public init(path: String) throws(SparrowError) {
    let descriptor = ss_open_read(path)
    guard descriptor >= 0 else {
      throw SparrowError(
        .system, file: path, found: systemMessage(ss_errno()), expected: "a readable file")
    }
    defer { close(descriptor) }
    let size = ss_file_size(descriptor)
    guard size >= 0 else {
      throw SparrowError(.system, file: path, found: "not a regular file", expected: "a file")
    }
    self.path = path
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let memory = ss_map_file(descriptor, Int(size)) else {
      throw SparrowError(.system, file: path, found: "mmap: " + systemMessage(ss_errno()))
    }
    bytes = UnsafeRawBufferPointer(start: memory, count: Int(size))
  }

  /// A copy of `source` in memory of its own, for content that came without a file.
  package init(copying source: UnsafeRawBufferPointer, path: String) throws(SparrowError) {
    self.path = path
    guard source.count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let memory = ss_map_memory(source.count) else {
      throw SparrowError(.system, file: path, found: "mmap: " + systemMessage(ss_errno()))
    }
    memory.copyMemory(from: source.baseAddress!, byteCount: source.count)
    bytes = UnsafeRawBufferPointer(start: memory, count: source.count)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(.init(mutating: base), bytes.count) }
  }

  /// Starts reading the pages of `range`.
  package func readAhead(_ range: Range<Int>) {
    let start = range.lowerBound / Int(getpagesize()) * Int(getpagesize())
    guard let base = bytes.baseAddress, start < range.upperBound, range.upperBound <= bytes.count
    else { return }
    ss_will_need(.init(mutating: base + start), range.upperBound - start)
  }

  /// Gives the resident pages that lie wholly inside `range` back; they are read again when
  /// touched.
  public func release(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard let base = bytes.baseAddress, start < end, end <= bytes.count else { return }
    ss_release(.init(mutating: base + start), end - start)
  }
}

/// The system's words for an error number.
package func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code))
}
