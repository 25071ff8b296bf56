internal import CSparrowSystem

/// The few file system calls that more than one room needs, each an error that names the path.
package enum Files {
  package static func exists(_ path: String) -> Bool { ss_path_kind(path) != 0 }
  package static func isFile(_ path: String) -> Bool { ss_path_kind(path) == 1 }
  package static func isFolder(_ path: String) -> Bool { ss_path_kind(path) == 2 }

  /// What a link at the end of a path leads to; the path itself where there is none, or nothing
  /// behind it.
  package static func followingLink(_ path: String) -> String {
    guard ss_is_link(path) != 0, let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Bytes of the file at `path`; nil when there is none.
  package static func size(_ path: String) -> Int? {
    let size = ss_path_size(path)
    return size < 0 ? nil : Int(size)
  }

  /// Bytes that may still be written below `path`; nil when the system does not say.
  package static func freeBytes(_ path: String) -> Int? {
    let bytes = ss_free_bytes(path)
    return bytes < 0 ? nil : Int(bytes)
  }

  /// Names in a folder, sorted; none when it cannot be read.
  package static func names(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let name = ss_next_entry(handle) { names.append(String(cString: name)) }
    return names.sorted()
  }

  /// Paths of all regular files under a folder, relative to it, sorted by folder.
  package static func allFiles(under folder: String) -> [String] {
    var found: [String] = []
    for name in names(in: folder) {
      let path = folder + "/" + name
      if ss_is_real_folder(path) != 0 {
        found += allFiles(under: path).map { name + "/" + $0 }
      } else if isFile(path) {
        found.append(name)
      }
    }
    return found
  }

  /// Makes the folder and those above it.
  package static func makeFolder(_ path: String) throws(SparrowError) {
    guard !isFolder(path) else { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      try makeFolder(String(path[..<slash]))
    }
    guard mkdir(path, 0o755) == 0 || isFolder(path) else { throw failure(path) }
  }

  /// Removes a file or a folder with all it holds; nothing there is no error. Follows no links.
  package static func remove(_ path: String) throws(SparrowError) {
    if ss_is_real_folder(path) != 0 {
      for name in names(in: path) { try remove(path + "/" + name) }
      guard rmdir(path) == 0 else { throw failure(path) }
    } else {
      guard unlink(path) == 0 || ss_errno() == ENOENT else { throw failure(path) }
    }
  }

  package static func move(_ from: String, to: String) throws(SparrowError) {
    guard rename(from, to) == 0 else { throw failure(to) }
  }

  /// Writes what the system still holds of a file or folder to the disk.
  package static func sync(_ path: String) throws(SparrowError) {
    let descriptor = ss_open_read(path)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || ss_errno() == EINVAL else { throw failure(path) }
  }

  /// Writes a folder and all it holds to the disk.
  package static func syncAll(in folder: String) throws(SparrowError) {
    for name in names(in: folder) {
      let path = folder + "/" + name
      if ss_is_real_folder(path) != 0 { try syncAll(in: path) } else { try sync(path) }
    }
    try sync(folder)
  }

  /// Makes the name of a file or folder durable, as far as the system can: its content is safe
  /// without.
  package static func syncParent(of path: String) {
    var parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
    if parent.isEmpty { parent = "/" }
    _ = ss_sync_folder(parent)
  }

  package static func read(_ path: String, limit: Int = 64 << 20) throws(SparrowError) -> [UInt8] {
    guard let size = size(path) else { throw failure(path) }
    guard size <= limit else {
      throw SparrowError(
        .malformed, file: path, found: "\(size) bytes", expected: "at most \(limit)")
    }
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) { Array(file.bytes) }
  }

  /// What can be read from a file whose size says nothing, such as those of `/proc`, as text; nil
  /// when it cannot be opened.
  package static func textOfUnknownSize(_ path: String, limit: Int = 1 << 20) -> String? {
    let descriptor = ss_open_read(path)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < limit {
      let count = CSparrowSystem.read(descriptor, &piece, piece.count)
      if count < 0, ss_errno() == EINTR { continue }
      guard count > 0 else { break }
      bytes += piece.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(SparrowError) {
    let descriptor = ss_open_write(path, 0)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let done = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
    guard done, fsync(descriptor) == 0 else { throw failure(path) }
  }

  /// Appends the file `from` to the file `to` through the page cache, `progress` told of each
  /// piece.
  package static func append(
    _ from: String, to: String, progress: (Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let file = try MappedFile(path: from)
    let descriptor = ss_open_write(to, 1)
    guard descriptor >= 0 else { throw failure(to) }
    defer { withExtendedLifetime(file) { _ = close(descriptor) } }
    var start = 0
    while start < file.bytes.count {
      let end = min(start + 1 << 22, file.bytes.count)
      let piece = UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
      guard writeAll(piece, to: descriptor) else { throw failure(to) }
      start = end
      try progress(piece.count)
    }
  }

  package static func failure(_ path: String) -> SparrowError {
    SparrowError(.system, file: path, found: systemMessage(ss_errno()))
  }

  /// Writes all of `bytes`; false on an error, which `failure` tells.
  static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var at = 0
    while at < bytes.count {
      // macOS refuses more than 2 GiB at once.
      let piece = min(bytes.count - at, 1 << 30)
      let count = CSparrowSystem.write(descriptor, bytes.baseAddress! + at, piece)
      if count < 0 {
        if ss_errno() == EINTR { continue }
        return false
      }
      at += count
    }
    return true
  }
}

/// Whether a path names a folder; nil when there is nothing.
package func isFolder(_ path: String) -> Bool? {
  switch ss_path_kind(path) {
  case 0: nil
  case 2: true
  default: false
  }
}
