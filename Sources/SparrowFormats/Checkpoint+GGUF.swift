internal import SparrowCore

extension Checkpoint {
  private static let maximumSplits = 1_000

  /// Opens a GGUF file, and the others where it is the first of a split one.
  static func openGGUF(_ path: String, first: MappedFile) throws(SparrowError) -> Checkpoint {
    var (metadata, tensors) = try GGUFParser.parse(first)
    var files = [first]
    let count = try metadata.int("split.count", default: 1)
    if count > 1 {
      let names = try splitNames(path, count: count, metadata: metadata)
      for (number, name) in names.enumerated().dropFirst() {
        let file = try MappedFile(path: name)
        let (other, more) = try GGUFParser.parse(file, fileIndex: number)
        guard try other.int("split.no") == number, try other.int("split.count") == count else {
          throw SparrowError(
            .mismatch, file: name, field: "split.no",
            found: "a part of another file", expected: "part \(number + 1) of \(count)")
        }
        files.append(file)
        tensors += more
      }
      let expected = try metadata.int("split.tensors.count", default: tensors.count)
      guard tensors.count == expected else {
        throw SparrowError(
          .mismatch, file: path, field: "split.tensors.count",
          found: "\(tensors.count) tensors in \(count) parts", expected: "\(expected)")
      }
    }
    return try Checkpoint(
      path: path, kind: .gguf, files: files, tensors: tensors, metadata: metadata)
  }

  /// The paths of all parts: llama.cpp names them `name-00001-of-00003.gguf`.
  private static func splitNames(
    _ path: String, count: Int, metadata: GGUFMetadata
  ) throws(SparrowError) -> [String] {
    guard count <= maximumSplits else {
      throw SparrowError(
        .malformed, file: path, field: "split.count", found: "\(count)",
        expected: "at most \(maximumSplits)")
    }
    func suffix(_ number: Int) -> String {
      func padded(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
      }
      return "-\(padded(number))-of-\(padded(count)).gguf"
    }
    guard try metadata.int("split.no") == 0, path.hasSuffix(suffix(1)) else {
      throw SparrowError(
        .argument, file: path, field: "split.no", found: "another part of a split file",
        expected: "the first part, whose name ends in \(suffix(1))")
    }
    let stem = path.dropLast(suffix(1).count)
    return (1...count).map { stem + suffix($0) }
  }
}
