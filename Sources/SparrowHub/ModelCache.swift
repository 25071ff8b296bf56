internal import CSparrowSystem
public import SparrowCore

/// The folder that keeps pulled models, one folder a source.
///
/// ```
/// ROOT/hub/OWNER/NAME[+SELECTION]/   ROOT/pypi/NAME[+VERSION]/   ROOT/url/FILE-HASH/
///   sparrow.json      what it is (`PulledModel`), written last
///   …                 the model's files
/// ROOT/partial/…/     downloads under way; a folder moves into its place when all of it is checked
/// ```
public struct ModelCache: Sendable, Equatable {
  /// The cache's own folder, without a slash at its end.
  public let root: String

  public init(root: String) {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
  }

  /// In the folder of this environment's cache.
  public init(environment: [String: String] = processEnvironment()) throws(SparrowError) {
    guard let root = cacheFolder(environment) else {
      throw SparrowError(.system, found: "no HOME; set SPARROW_CACHE to a folder for models")
    }
    self.init(root: root)
  }

  /// As `resolve`, in the user's own cache, which a path does not need.
  public static func path(ofModel text: String) throws(SparrowError) -> String {
    if case .local(let path) = try ModelSource(parsing: text) { return path }
    return try ModelCache().resolve(text)
  }

  /// The path to load for what was given as MODEL: a path as it is, a pulled model's file or
  /// folder. Throws when the name is of a model that was not pulled, saying how to pull it.
  public func resolve(_ text: String) throws(SparrowError) -> String {
    let source = try ModelSource(parsing: text)
    if case .local(let path) = source { return path }
    guard let model = try pulled(source) else {
      throw SparrowError(
        .system, file: text, found: "not pulled yet; run: sparrow pull \(source.name)")
    }
    return path(of: model)
  }

  /// What the cache holds for `source`; nil when it was not pulled or its files are not whole.
  public func pulled(_ source: ModelSource) throws(SparrowError) -> PulledModel? {
    guard let folder = folder(for: source) else { return nil }
    let manifest = root + "/" + folder + "/" + PulledModel.manifestName
    guard Files.isFile(manifest) else { return nil }
    let model = try PulledModel(
      json: try JSON.parse(try Files.read(manifest), file: manifest), folder: folder,
      file: manifest)
    let whole = model.files.allSatisfy { Files.size(path(in: folder, $0.name)) == $0.bytes }
    return whole ? model : nil
  }

  /// What a loader opens: a GGUF file, or a folder of safetensors.
  public func path(of model: PulledModel) -> String {
    model.entry.isEmpty ? root + "/" + model.folder : path(in: model.folder, model.entry)
  }

  /// Where the source's model lies below the root; nil for a path.
  func folder(for source: ModelSource) -> String? {
    switch source {
    case .local: nil
    case .hub(let repository, let selection):
      "hub/" + repository + (selection.map { "+" + $0.replacing("/") } ?? "")
    case .package(let name, let version): "pypi/" + name + (version.map { "+" + $0 } ?? "")
    case .url(let address, _):
      "url/" + Self.fileName(ofURL: address) + "-" + hexSHA256(Array(address.utf8)).prefix(12)
    }
  }

  /// Where downloads for `folder` are kept until the model is whole.
  func partial(for folder: String) -> String { root + "/partial/" + folder.replacing("/") }

  private func path(in folder: String, _ name: String) -> String {
    root + "/" + folder + "/" + name
  }

  /// A safe file name from a URL: its last component, query and fragment dropped.
  static func fileName(ofURL address: String) -> String {
    let path = address.prefix { $0 != "?" && $0 != "#" }
    let rest = path.components(separatedBy: "://").dropFirst().joined()
    let parts = rest.split(separator: "/")
    let name = String(
      (parts.count > 1 ? parts[parts.count - 1] : "model").map { character in
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
          ? character : "_"
      })
    return name.hasPrefix(".") ? "_" + name.dropFirst() : name
  }
}

extension StringProtocol {
  /// The text with each slash made a `+`, so that it names one folder.
  fileprivate func replacing(_ slash: Character) -> String {
    String(map { $0 == slash ? "+" : $0 })
  }

  fileprivate func components(separatedBy separator: String) -> [String] {
    String(self).components(separatedBy: separator)
  }
}
