import SparrowCore

/// Texts to calibrate on.
enum CalibrationText {
  /// The files' texts one after another; of `.jsonl` files the "text" of each line.
  ///
  /// Throws `.malformed`, naming file and line, for lines that are no such object.
  static func read(_ paths: [String]) throws(SparrowError) -> String {
    var texts: [String] = []
    for path in paths {
      let content = try TextFile.read(path)
      guard path.hasSuffix(".jsonl") else {
        texts.append(content)
        continue
      }
      var number = 0
      for line in content.utf8.split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      {
        number += 1
        guard line.contains(where: { $0 > 32 }) else { continue }
        guard let text = try JSON.parse(Array(line), file: path)["text"]?.string else {
          throw SparrowError(
            .malformed, file: path, field: "line \(number)", found: "no text",
            expected: "an object with a \"text\"")
        }
        texts.append(text)
      }
    }
    return texts.joined(separator: "\n\n")
  }
}
