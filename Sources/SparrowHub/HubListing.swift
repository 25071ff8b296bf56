internal import SparrowCore

/// A hub repository's files, as its interface lists them, and the choice of those that make a
/// model.
struct HubListing {
  struct Entry: Equatable {
    let name: String
    let bytes: Int?
    /// Large files have a SHA-256 of their own, small ones git's name.
    let hash: PublishedHash?
  }

  /// What is pulled: the file to load (empty: the folder) and all that it needs.
  typealias Choice = (entry: String, files: [Entry])

  /// A GGUF model of the repository: one file, or all parts of a split one in their order.
  private struct Model {
    let name: GGUFName
    let files: [Entry]
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
      // Of a large file git holds a pointer only, whose name says nothing of the file.
      let hash = large == nil ? item["blobId"]?.string : large?["sha256"]?.string
      let bytes = large?["size"]?.int ?? item["size"]?.int
      return Entry(
        name: name, bytes: bytes.flatMap { $0 < 0 ? nil : $0 },
        hash: hash.flatMap { PublishedHash($0) })
    }
  }

  /// The files of the model that `selection` names: a file, one part of a split file, or a
  /// quantisation.
  func choose(_ selection: String?, _ job: PullJob) throws(SparrowError) -> Choice {
    if let selection { return try named(selection, job) }
    let folder = SafetensorsFolder(entries)
    if let folder, folder.missing == nil { return ("", folder.files) }
    let models = models
    if models.count == 1 { return try single(models, job) }
    for name in Self.preferred {
      let found = best(models, name)
      if found.count == 1 { return try single(found, job) }
    }
    guard models.isEmpty else { return try single(models, job) }
    try refuseCut(job)
    if let missing = folder?.missing {
      throw job.failure(.malformed, "the repository has no \(missing)")
    }
    throw job.failure(.unsupported, "no GGUF file and no safetensors with a config.json")
  }

  private func named(_ selection: String, _ job: PullJob) throws(SparrowError) -> Choice {
    let exact = entries.filter { $0.name == selection }
    let called = exact.isEmpty ? entries.filter { $0.name.lastComponent == selection } : exact
    if called.count == 1, let file = called.first {
      guard let name = GGUFName(file.name), let split = name.split else {
        return try plain(file.name, [file], job)
      }
      return try single([model(of: split, name)], job)
    }
    let models = models
    let found = best(models, selection)
    if models.isEmpty { try refuseCut(job) }
    guard !found.isEmpty else {
      throw job.failure(
        .argument, "no file and no quantisation '\(selection)'",
        expected: models.isEmpty ? "a file of the repository" : "one of " + list(models))
    }
    return try single(found, job)
  }

  /// All GGUF models, in the order of their first part in the list.
  private var models: [Model] {
    var seen: Set<String> = []
    return entries.compactMap { entry in
      guard let name = GGUFName(entry.name), name.isModel else { return nil }
      guard let split = name.split else { return Model(name: name, files: [entry]) }
      guard seen.insert(split.part(1, of: split.count)).inserted else { return nil }
      return model(of: split, name)
    }
  }

  private func model(of split: SplitName, _ name: GGUFName) -> Model {
    let parts = entries.compactMap { entry -> (number: Int, entry: Entry)? in
      guard let other = GGUFName(entry.name)?.split, other.stem == split.stem,
        other.count == split.count, other.suffix == split.suffix
      else { return nil }
      return (other.number, entry)
    }
    return Model(name: name, files: parts.sorted { $0.number < $1.number }.map(\.entry))
  }

  private func best(_ models: [Model], _ tag: String) -> [Model] {
    let fits = models.map { (model: $0, fit: $0.name.fit(tag)) }
    guard let most = fits.map(\.fit).max(), most > 0 else { return [] }
    return fits.filter { $0.fit == most }.map(\.model)
  }

  private func single(_ found: [Model], _ job: PullJob) throws(SparrowError) -> Choice {
    guard found.count == 1, let model = found.first else {
      throw job.failure(
        .argument, "\(found.count) GGUF models fit",
        expected: "one of them after a colon: " + list(found))
    }
    guard let split = model.name.split else {
      return try plain(model.files[0].name, model.files, job)
    }
    let there = Set(model.files.map(\.name))
    guard (1...1000).contains(split.count) else {
      throw job.failure(.malformed, field: model.files[0].name, "\(split.count) parts")
    }
    let wanted = (1...split.count).map { split.part($0, of: split.count) }
    let missing = wanted.filter { !there.contains($0) }
    guard missing.isEmpty, there.count == split.count else {
      throw job.failure(
        .malformed, field: missing.first ?? model.files[0].name,
        "\(split.count - missing.count) of \(split.count) parts in the repository",
        expected: "all of them")
    }
    return try plain(wanted[0], model.files, job)
  }

  private func plain(
    _ entry: String, _ files: [Entry], _ job: PullJob
  ) throws(SparrowError) -> Choice {
    for file in files where !PulledModel.isPlain(file.name.lastComponent) {
      throw job.failure(.malformed, field: "siblings", "the file name '\(file.name)'")
    }
    return (entry.lastComponent, files)
  }

  /// Refuses pieces such as `m.gguf.part1of2`, which nothing but their bytes' order makes a file.
  private func refuseCut(_ job: PullJob) throws(SparrowError) {
    let pieces = entries.filter { entry in
      [".gguf.part", ".gguf-split-", ".gguf.split-"].contains {
        entry.name.lowercased().contains($0)
      }
    }
    guard let piece = pieces.first else { return }
    throw job.failure(
      .unsupported, field: piece.name, "a piece of a file that was cut anywhere",
      expected: "whole GGUF files, or parts that end in -00001-of-0000N.gguf; join these with cat")
  }

  /// What to write after a colon to have each of them.
  private func list(_ models: [Model]) -> String {
    models.map { $0.name.split == nil ? $0.files[0].name : $0.name.stem }.joined(separator: ", ")
  }
}
