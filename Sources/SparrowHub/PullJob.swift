internal import SparrowCore

/// What the parts of one pull share: its folders, its environment, its way to tell and to stop.
struct PullJob {
  let source: ModelSource
  let environment: [String: String]
  /// Holds unfinished downloads; kept when a pull stops half way, so that the next goes on.
  let work: String
  /// Holds finished, checked files; becomes the model's folder.
  let ready: String
  let report: (PullProgress) -> Void
  let isCancelled: () -> Bool

  /// What a way of pulling hands back.
  struct Result {
    var revision: String
    var entry: String
    var files: [PulledModel.File]
  }

  /// Reports, and throws `.cancelled` once the user has asked to stop.
  func step(
    _ phase: PullProgress.Phase, _ item: String, index: Int = 1, count: Int = 1, done: Int = 0,
    total: Int? = nil
  ) throws(SparrowError) {
    if isCancelled() {
      throw SparrowError(
        .cancelled, file: source.name, found: "stopped; the same command goes on from here")
    }
    report(
      PullProgress(
        phase: phase, item: item, index: index, count: count, done: done, total: total))
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
