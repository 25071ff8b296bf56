internal import SparrowCore

/// What the parts of one pull share: its folders, its environment, its way to tell and to stop.
struct PullJob {
  let source: ModelSource
  let environment: [String: String]
  /// Holds unfinished downloads; kept when a pull stops half way, so that the next goes on.
  let work: String
  /// Holds finished, checked files; becomes the model's folder.
  let ready: String
  /// Seconds before a failed request is tried again; each further pause is twice as long.
  var firstPause = 1.0
  let progress: Progress

  /// What a way of pulling hands back.
  struct Result {
    var revision: String
    var entry: String
    var files: [PulledModel.File]
  }

  /// The hub's address without a slash at its end: `HF_ENDPOINT`, else Hugging Face's.
  var endpoint: String {
    var endpoint = environment["HF_ENDPOINT"] ?? ""
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    return endpoint.isEmpty ? "https://huggingface.co" : endpoint
  }

  /// `HF_TOKEN` without the spaces and the newline that come with copying it.
  var token: String {
    String((environment["HF_TOKEN"] ?? "").filter { !$0.isWhitespace })
  }

  /// The header fields of a request to `url`: the token goes to the hub alone.
  func headers(for url: String) throws(SparrowError) -> [String] {
    guard !token.isEmpty, url.hasPrefix(endpoint + "/") else { return [] }
    guard token.utf8.count <= 1000, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw failure(.argument, field: "HF_TOKEN", "no token of a hub", expected: "one, as in hf_…")
    }
    return ["Authorization: Bearer " + token]
  }

  /// Throws when the disk has no room for what is to come.
  ///
  /// - Parameter files: What will be written; what an earlier pull has begun counts for the rest.
  func requireSpace(for files: [Download]) throws(SparrowError) {
    var needed = 0
    for file in files {
      let there = Files.size(ready + "/" + file.name) ?? Files.size(file.partial(self)) ?? 0
      needed = needed.addingReportingOverflow(max(0, (file.bytes ?? 0) - there)).partialValue
      if needed < 0 { needed = Int.max }
    }
    guard let free = Files.freeBytes(work), needed > free else { return }
    throw failure(
      .system, "\(Quantity.bytes(needed)) to come, \(Quantity.bytes(free)) free in \(work)",
      expected: "room for it; set SPARROW_CACHE to a folder on a larger disk")
  }

  /// What is done with an item.
  enum Phase: String {
    case asking, waiting, downloading, unpacking, checking, joining
  }

  /// Tells about an item, one of `count`, of whose bytes so many are done, counted from its
  /// beginning even when resumed. Throws `.cancelled` once the user has asked to stop.
  func step(
    _ phase: Phase, _ item: String, index: Int = 1, count: Int = 1, done: Int = 0,
    total: Int? = nil
  ) throws(SparrowError) {
    let place = count > 1 ? " \(index)/\(count)" : ""
    do throws(SparrowError) {
      try progress.report(.init(done, of: total, .bytes), "\(phase.rawValue) \(item)\(place)")
    } catch {
      throw SparrowError(
        .cancelled, file: source.name, found: "stopped; the same command goes on from here")
    }
  }

  /// An error about this pull's source.
  func failure(
    _ kind: SparrowError.Kind, field: String = "", _ found: String, expected: String = ""
  ) -> SparrowError {
    SparrowError(kind, file: source.name, field: field, found: found, expected: expected)
  }

  /// An error of the network or of a program that was run.
  func failure(_ found: String, field: String = "") -> SparrowError {
    failure(.system, field: field, found)
  }
}
