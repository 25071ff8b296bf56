internal import SparrowCore

/// One file to fetch with `curl`, resumed where an earlier try stopped, checked, then moved into place.
struct Download {
  /// The name it gets.
  let name: String
  let url: String
  var bytes: Int?
  /// The publisher's checksum; nil when there is none to be had.
  var sha256: String?
  /// What tells this version of the file from another (a checksum, an entity tag), so that a partial
  /// file is never continued with another version's bytes.
  var version = ""
  /// Request headers, given to `curl` on its standard input so that no token shows in a process list.
  var headers: [String] = []

  func fetch(_ job: PullJob, index: Int, count: Int) throws(SparrowError) -> PulledModel.File {
    let partial =
      job.work + "/" + name + "." + hexSHA256(Array((url + version).utf8)).prefix(12) + ".partial"
    if let bytes, let have = Files.size(partial), have > bytes { try Files.remove(partial) }
    if bytes == nil || Files.size(partial) != bytes {
      try transfer(to: partial, job, index, count)
    }
    let size = Files.size(partial) ?? 0
    if let bytes, size != bytes {
      // Fewer bytes than promised may be the beginning of the file; more are not it.
      if size > bytes { try Files.remove(partial) }
      throw job.failure(.mismatch, field: name, "\(size) bytes", expected: "\(bytes)")
    }
    let digest = try digest(ofFile: partial) { done throws(SparrowError) in
      try job.step(.checking, name, index: index, count: count, done: done, total: size)
    }.hexDigest()
    if let sha256, sha256 != digest {
      try Files.remove(partial)
      throw job.failure(
        .mismatch, field: name, "SHA-256 \(digest), file removed", expected: sha256)
    }
    try Files.sync(partial)
    try Files.move(partial, to: job.ready + "/" + name)
    return .init(name: name, bytes: size, sha256: digest, checked: sha256 != nil)
  }

  /// `curl`'s exit statuses for a transfer cut short: partial file, timeout, receive error, stream error.
  private static let brokenConnection: Set<Int32> = [18, 28, 56, 92]

  private func transfer(
    to partial: String, _ job: PullJob, _ index: Int, _ count: Int
  ) throws(SparrowError) {
    while true {
      let before = Files.size(partial) ?? 0
      let outcome = try Curl.run(
        ["--output", partial] + (before > 0 ? ["--continue-at", "-"] : []) + [url],
        headers: headers, job
      ) { _ throws(SparrowError) in
        try job.step(
          .downloading, name, index: index, count: count, done: Files.size(partial) ?? 0,
          total: bytes)
      }
      if outcome.status == 0 { break }
      if before > 0, outcome.status == 33 || outcome.complaint.hasSuffix(" 416") {
        // The server cannot continue, or the partial file is no beginning of what it has.
        try Files.remove(partial)
      } else {
        // A connection that broke half way is worth another try as long as each try gets further.
        let broke = Self.brokenConnection.contains(outcome.status)
        guard broke, Files.size(partial) ?? 0 > before else {
          throw Curl.failure(outcome, job, url)
        }
      }
    }
    // An empty file comes without a body, and curl then makes none.
    if !Files.exists(partial) { try Files.write([], to: partial) }
  }
}
