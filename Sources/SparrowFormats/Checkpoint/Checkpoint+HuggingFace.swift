public import SparrowCore

extension Checkpoint {
  /// Larger JSON or text files than this are refused, in bytes: a tree takes several times as much.
  private static let maximumTextBytes = 1 << 28

  static func openFolder(_ folder: String) throws(SparrowError) -> Checkpoint {
    let single = folder + "/model.safetensors"
    let index = folder + "/model.safetensors.index.json"
    if exists(single) {
      return try openSafetensors(folder, file: MappedFile(path: single), folder: folder)
    }
    guard exists(index) else { throw noWeights(in: folder) }
    let source = try MappedFile(path: index)
    try checkTextSize(source)
    let shards = try ShardIndex.parse(source)
    var files: [MappedFile] = []
    var tensors: [TensorEntry] = []
    var homes: [NameKey: Int] = [:]
    for (name, shard) in shards.tensors { homes[NameKey(name)] = shard }
    var found = 0
    for (number, shard) in shards.shards.enumerated() {
      let file = try MappedFile(path: folder + "/" + shard)
      files.append(file)
      for tensor in try SafetensorsHeader.parse(file, fileIndex: number).tensors {
        guard homes[NameKey(tensor.name)] == number else {
          throw SparrowError(
            .mismatch, file: file.path, field: "tensor " + tensor.name.quoted,
            found: "a tensor that the index does not place here", expected: "what \(index) says")
        }
        found += 1
        tensors.append(tensor)
      }
    }
    if found != shards.tensors.count {
      let there = Set(tensors.map { NameKey($0.name) })
      for (name, shard) in shards.tensors where !there.contains(NameKey(name)) {
        throw SparrowError(
          .mismatch, file: files[shard].path, field: "tensor " + name.quoted,
          found: "no such tensor", expected: "what \(index) says")
      }
    }
    return try Checkpoint(
      path: folder, kind: .huggingFace, files: files, tensors: tensors,
      config: config(in: folder), folder: folder)
  }

  /// Why a folder is no model, by what lies in it.
  private static func noWeights(in folder: String) -> SparrowError {
    let names = Files.names(in: folder)
    let gguf = names.filter { $0.hasSuffix(".gguf") }
    let found =
      if names.contains(where: { SplitName($0, suffix: ".safetensors") != nil }) {
        ("shards without their index", "model.safetensors.index.json beside them")
      } else if !gguf.isEmpty {
        ("a folder of GGUF files", "one of them: " + gguf.joined(separator: ", "))
      } else {
        (
          "no model.safetensors",
          "model.safetensors or model.safetensors.index.json; convert other weights first"
        )
      }
    return SparrowError(.system, file: folder, found: found.0, expected: found.1)
  }

  /// A single file; the files beside it are its folder's.
  static func openSafetensors(
    _ path: String, file: MappedFile, folder: String? = nil
  ) throws(SparrowError) -> Checkpoint {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let home = slash.map { String(path[..<$0]) + "/" } ?? "."
    // A shard alone is no model: its index leads to the others.
    if let name = SplitName(path, suffix: ".safetensors"), name.count > 1,
      exists(home + "/model.safetensors.index.json")
    {
      return try openFolder(home)
    }
    let folder = folder ?? home
    let header = try SafetensorsHeader.parse(file)
    return try Checkpoint(
      path: path, kind: .huggingFace, files: [file], tensors: header.tensors,
      config: config(in: folder), folder: folder, annotations: header.annotations)
  }

  /// Another JSON file of the folder, such as "tokenizer.json", or of a folder in it; nil where
  /// there is none.
  ///
  /// Read and parsed at every call. Throws `.malformed` for bad JSON, `.argument` for a name that
  /// is a path.
  public func json(
    named name: String, in part: String? = nil
  ) throws(SparrowError) -> JSON? {
    guard let file = try file(named: name, in: part) else { return nil }
    return try JSON.parse(file)
  }

  /// Another text file of the folder, such as "chat_template.jinja"; nil where there is none.
  ///
  /// Throws `.malformed` for text that is not UTF-8, `.argument` for a name that is a path.
  public func text(named name: String) throws(SparrowError) -> String? {
    guard let file = try file(named: name) else { return nil }
    defer { withExtendedLifetime(file) {} }
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw SparrowError(
        .malformed, file: file.path, found: "bytes that are not UTF-8", expected: "UTF-8")
    }
    return text
  }

  /// Another file of the folder, or of a folder in it, mapped; nil where there is none or this is
  /// no folder.
  public func file(
    named name: String, in part: String? = nil
  ) throws(SparrowError) -> MappedFile? {
    for name in [name, part ?? name]
    where name.isEmpty || name.hasPrefix(".") || name.contains("/") || name.hasControlCharacter {
      throw SparrowError(
        .argument, field: "file name", found: name.quoted, expected: "a plain file name")
    }
    guard let folder else { return nil }
    let path = folder + "/" + (part.map { $0 + "/" } ?? "") + name
    guard Self.exists(path) else { return nil }
    let file = try MappedFile(path: path)
    try Self.checkTextSize(file)
    return file
  }

  private static func config(in folder: String) throws(SparrowError) -> JSON? {
    let path = folder + "/config.json"
    guard exists(path) else { return nil }
    let file = try MappedFile(path: path)
    try checkTextSize(file)
    let config = try JSON.parse(file)
    guard config.members != nil else {
      throw SparrowError(.malformed, file: path, found: "no object", expected: "a JSON object")
    }
    return config
  }

  private static func checkTextSize(_ file: MappedFile) throws(SparrowError) {
    guard file.bytes.count <= maximumTextBytes else {
      throw SparrowError(
        .malformed, file: file.path, found: "\(file.bytes.count) bytes",
        expected: "at most \(maximumTextBytes)")
    }
  }

  private static func exists(_ path: String) -> Bool { isFolder(path) != nil }
}
