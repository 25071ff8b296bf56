internal import SparrowCore

/// A hub repository's files, as its interface lists them, and the choice of those that make a model.
struct HubListing {
  struct Entry: Equatable {
    let name: String
    let bytes: Int?
    /// Of large files only: the hub gives none for the small ones that git itself holds.
    let sha256: String?
    /// The object's name in git, which changes with its content.
    let version: String
  }

  /// The commit that the list describes.
  let commit: String
  let entries: [Entry]

  /// What is tried, in this order, when a repository holds several GGUF files and none was named.
  static let preferred = ["Q4_K_M", "Q8_0", "Q4_0"]

  init(json: JSON, file: String) throws(SparrowError) {
    guard let siblings = json["siblings"]?.array else {
      throw SparrowError(.malformed, file: file, field: "siblings", found: "no list of files")
    }
    commit = json["sha"]?.string ?? "main"
    entries = siblings.compactMap { item -> Entry? in
      guard let name = item["rfilename"]?.string else { return nil }
      let large = item["lfs"]
      let hash = large?["sha256"]?.string?.lowercased()
      return Entry(
        name: name, bytes: item["size"]?.int ?? large?["size"]?.int,
        sha256: hash.flatMap { ModelSource.isSHA256($0) ? $0 : nil },
        version: item["blobId"]?.string ?? "")
    }
  }

  /// The files of the model that `selection` names, and the one to load (empty: the folder).
  func choose(
    _ selection: String?, _ job: PullJob
  ) throws(SparrowError) -> (entry: String, files: [Entry]) {
    if let selection { return try single(named(selection, job), job) }
    let folder = folderFiles()
    if !folder.isEmpty { return ("", folder) }
    if gguf.count == 1 { return try single(gguf, job) }
    for name in Self.preferred {
      let found = gguf.filter { Self.quantisation(of: $0.name, is: name) }
      if found.count == 1 { return try single(found, job) }
    }
    guard !gguf.isEmpty else {
      throw job.failure(.unsupported, "no GGUF file and no safetensors with a config.json")
    }
    return try single(gguf, job)
  }

  private var gguf: [Entry] {
    entries.filter { entry in
      entry.name.lowercased().hasSuffix(".gguf")
        && !entry.name.lastComponent.lowercased().hasPrefix("mmproj")
    }
  }

  private func named(_ selection: String, _ job: PullJob) throws(SparrowError) -> [Entry] {
    let exact = entries.filter { $0.name == selection }
    if !exact.isEmpty { return exact }
    let found = gguf.filter { Self.quantisation(of: $0.name, is: selection) }
    guard !found.isEmpty else {
      throw job.failure(
        .argument, "no file '\(selection)'",
        expected: gguf.isEmpty ? "a file of the repository" : list(gguf))
    }
    return found
  }

  private func single(
    _ found: [Entry], _ job: PullJob
  ) throws(SparrowError) -> (entry: String, files: [Entry]) {
    guard found.count == 1, let file = found.first else {
      throw job.failure(
        .argument, "\(found.count) GGUF files fit",
        expected: "one of them after a colon: " + list(found))
    }
    let name = file.name.lastComponent
    guard PulledModel.isPlain(name) else {
      throw job.failure(.malformed, field: "siblings", "the file name '\(file.name)'")
    }
    guard !name.lowercased().contains("-of-0") else {
      throw job.failure(.unsupported, field: name, "a GGUF file split into several")
    }
    return (name, [file])
  }

  private func list(_ entries: [Entry]) -> String {
    entries.map(\.name).joined(separator: ", ")
  }

  /// True when the file's name holds `quantisation` as a word: `m-Q4_K_M.gguf` has Q4_K_M, not Q4_K.
  static func quantisation(of file: String, is quantisation: String) -> Bool {
    let stem = file.lastComponent.lowercased().dropLast(".gguf".count)
    return stem.split { "-.".contains($0) }.contains { $0 == quantisation.lowercased() }
  }

  /// The files of a safetensors model in the repository's top folder; none when it holds no such model.
  private func folderFiles() -> [Entry] {
    let top = entries.filter { PulledModel.isPlain($0.name) }
    let single = top.filter { $0.name == "model.safetensors" }
    let shards = top.filter { entry in
      entry.name == "model.safetensors.index.json"
        || (entry.name.hasPrefix("model-") && entry.name.hasSuffix(".safetensors"))
    }
    let weights = single.isEmpty ? shards : single
    guard !weights.isEmpty, top.contains(where: { $0.name == "config.json" }) else { return [] }
    let texts: Set = [
      "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
      "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json",
      "merges.txt", "chat_template.jinja",
    ]
    return top.filter { texts.contains($0.name) } + weights
  }
}
