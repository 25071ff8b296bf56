import SparrowCore

/// A text file given on the command line.
enum TextFile {
  /// All of it. Throws `.malformed` when it is no UTF-8.
  static func read(_ path: String) throws(SparrowError) -> String {
    let file = try MappedFile(path: path)
    let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
    guard let text else {
      throw SparrowError(
        .malformed, file: path, found: "bytes that are not UTF-8", expected: "text in UTF-8")
    }
    return text
  }

  /// All of standard input.
  static func readStandardInput() -> String {
    var text = ""
    while let line = readLine(strippingNewline: false) { text += line }
    return text
  }
}
