internal import SparrowCore

extension Checkpoint {
  private static let maximumSplits = 1_000

  /// Opens a GGUF file, and with any part of a split one all others, from the first on.
  static func openGGUF(_ path: String, _ file: MappedFile) throws(SparrowError) -> Checkpoint {
    let (metadata, tensors) = try GGUFParser.parse(file)
    let count = try metadata.int("split.count", default: 1)
    guard count > 1 else {
      return try Checkpoint(
        path: path, kind: .gguf, files: [file], tensors: tensors, metadata: metadata)
    }
    let names = try splitNames(path, count: count, number: try metadata.int("split.no"))
    guard path == names[0] else { return try openGGUF(names[0], MappedFile(path: names[0])) }
    return try openParts(names, metadata, tensors, file)
  }

  private static func openParts(
    _ names: [String], _ metadata: GGUFMetadata, _ tensors: [TensorEntry], _ first: MappedFile
  ) throws(SparrowError) -> Checkpoint {
    var files = [first]
    var tensors = tensors
    for (number, name) in names.enumerated().dropFirst() {
      let file = try MappedFile(path: name)
      let (other, more) = try GGUFParser.parse(file, fileIndex: number)
      try requirePart(other, name, number, of: names.count, metadata)
      files.append(file)
      tensors += more
    }
    let expected = try metadata.int("split.tensors.count", default: tensors.count)
    guard tensors.count == expected else {
      throw SparrowError(
        .mismatch, file: names[0], field: "split.tensors.count",
        found: "\(tensors.count) tensors in \(names.count) parts", expected: "\(expected)")
    }
    return try Checkpoint(
      path: names[0], kind: .gguf, files: files, tensors: tensors, metadata: metadata)
  }

  /// The paths of all parts, which must lie side by side under the names that llama.cpp gives them.
  ///
  /// - Parameter number: What the part at `path` says it is, from 0.
  private static func splitNames(
    _ path: String, count: Int, number: Int
  ) throws(SparrowError) -> [String] {
    guard count <= maximumSplits else {
      throw SparrowError(
        .malformed, file: path, field: "split.count", found: "\(count)",
        expected: "at most \(maximumSplits)")
    }
    guard (0..<count).contains(number) else {
      throw SparrowError(
        .malformed, file: path, field: "split.no", found: "\(number)", expected: "0 to \(count - 1)"
      )
    }
    guard let name = SplitName(path, suffix: ".gguf"), name.count == count,
      name.number == number + 1
    else {
      throw SparrowError(
        .mismatch, file: path, field: "split.no",
        found: "part \(number + 1) of \(count) by another name",
        expected: "a name that ends in \(SplitName.ending(number + 1, of: count)).gguf, the other"
          + " parts beside it")
    }
    let names = (1...count).map { name.part($0, of: count) }
    if let missing = names.firstIndex(where: { !Files.isFile($0) }) {
      throw SparrowError(
        .system, file: names[missing], found: "part \(missing + 1) of \(count) is missing",
        expected: "all parts in one folder")
    }
    return names
  }

  /// Refuses a part whose own metadata speak of another place, or of another model than the first
  /// part's.
  private static func requirePart(
    _ part: GGUFMetadata, _ path: String, _ number: Int, of count: Int, _ first: GGUFMetadata
  ) throws(SparrowError) {
    let (itsNumber, itsCount) = (try part.int("split.no"), try part.int("split.count"))
    guard itsNumber == number, itsCount == count else {
      throw SparrowError(
        .mismatch, file: path, field: "split.no", found: "\(itsNumber) of \(itsCount) parts",
        expected: "\(number) of \(count) parts, counted from 0")
    }
    func refuse(_ key: String, _ found: String, _ expected: String) throws(SparrowError) {
      guard found != expected else { return }
      throw SparrowError(
        .mismatch, file: path, field: key, found: "a part of another model, of \(found)",
        expected: expected)
    }
    let tensors = "split.tensors.count"
    if part[tensors] != nil, first[tensors] != nil {
      try refuse(tensors, "\(try part.int(tensors))", "\(try first.int(tensors))")
    }
    for key in ["general.architecture", "general.name"]
    where part[key] != nil && first[key] != nil {
      try refuse(key, try part.string(key).quoted, try first.string(key).quoted)
    }
  }
}
