import CSparrowSystem
import SparrowCore

/// A text given on the command line: a file, a pipe, or - for standard input.
enum TextFile {
  /// All of it, without a byte order mark.
  ///
  /// Throws `.malformed` when it is no UTF-8, `.cancelled` on an interrupt while a pipe says
  /// nothing.
  static func read(_ path: String) throws(SparrowError) -> String {
    if path == "-" { return try readStandardInput() }
    guard ss_path_kind(path) == 3 else {
      let file = try MappedFile(path: path)
      return try withExtendedLifetime(file) { () throws(SparrowError) in
        try text(of: file.bytes, file: path)
      }
    }
    let descriptor = ss_open_read(path)
    guard descriptor >= 0 else {
      throw SparrowError(
        .system, file: path, found: systemMessage(ss_errno()), expected: "a readable file")
    }
    defer { close(descriptor) }
    var stream = InputStream(descriptor: descriptor, name: path)
    return try text(of: try stream.readAll(), file: path)
  }

  /// All of standard input; throws as `read`.
  static func readStandardInput() throws(SparrowError) -> String {
    var stream = InputStream.standard
    return try text(of: try stream.readAll(), file: stream.name)
  }

  /// Bytes as a text; throws as `read`.
  static func text(of bytes: [UInt8], file: String) throws(SparrowError) -> String {
    var result: Result<String, SparrowError> = .success("")
    bytes.withUnsafeBytes { bytes in
      do throws(SparrowError) {
        result = .success(try text(of: bytes, file: file))
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  private static func text(
    of bytes: UnsafeRawBufferPointer, file: String
  ) throws(SparrowError) -> String {
    let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    if let text = String(validating: bytes.dropFirst(hasMark ? 3 : 0), as: UTF8.self) {
      return text
    }
    let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    throw SparrowError(
      .malformed, file: file, found: isWide ? "text in UTF-16" : "bytes that are not UTF-8",
      expected: "text in UTF-8" + (isWide ? "; iconv -f UTF-16 -t UTF-8 makes it" : ""))
  }
}
