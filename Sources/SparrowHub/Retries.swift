internal import CSparrowSystem
internal import SparrowCore

/// Counts the failed tries of one request and waits between them, longer each time.
struct Retries {
  /// Tries in all of a request that gets nowhere.
  static let most = 4
  /// Longer waits than this, in seconds, are left to the user.
  static let longestWait = 60.0

  private let job: PullJob
  private let item: String
  private let url: String
  private var failed = 0

  init(_ job: PullJob, item: String, url: String) {
    self.job = job
    self.item = item
    self.url = url
  }

  /// curl's exit statuses for a transfer that broke: no name or no way to the server (5 to 7), a
  /// part of the file (18), a timeout (28), TLS (35), an empty answer, sending, receiving, a
  /// stream's error.
  private static let broken: Set<Int32> = [18, 28, 35, 52, 55, 56, 92]
  private static let unreachable: Set<Int32> = [5, 6, 7]

  /// True for failures that may pass by themselves. A server that was not reached at all counts
  /// only once the pull has `begun`: before, the network is not there.
  static func mayPass(_ answer: Curl.Answer, begun: Bool) -> Bool {
    if answer.status == 22 {
      return [408, 425, 429, 500, 502, 503, 504].contains(answer.fields.code)
    }
    return broken.contains(answer.status) || (begun && unreachable.contains(answer.status))
  }

  /// Waits after a failed try. Throws the failure itself after the last one.
  ///
  /// - Parameter progressed: The try brought a good piece of the file: long downloads break often.
  mutating func wait(
    after answer: Curl.Answer, progressed: Bool = false
  ) throws(SparrowError) {
    failed = progressed ? 1 : failed + 1
    let asked = answer.fields.retryAfter ?? 0
    let error = Curl.failure(answer, job, url)
    guard failed < Self.most, asked <= Self.longestWait else {
      let tries = failed > 1 ? ", after \(failed) tries" : ""
      let later =
        asked > Self.longestWait ? "; the server asks to wait \(Int(min(asked, 1e9))) s" : ""
      throw SparrowError(
        error.kind, file: error.file, field: error.field, found: error.found + tries + later,
        expected: error.expected)
    }
    var left = max(asked, job.firstPause * Double(1 << (failed - 1)))
    while left > 0 {
      try job.step(.waiting, item)
      usleep(100_000)
      left -= 0.1
    }
  }
}
