internal import SparrowCore

/// One file to fetch with `curl`, resumed where an earlier try stopped, checked, then moved into
/// place.
struct Download {
  /// The name it gets.
  let name: String
  let url: String
  var bytes: Int?
  /// The publisher's own; nil when there is none to be had.
  var hash: PublishedHash?
  /// What tells this version of the file from another where there is no hash (an entity tag), so
  /// that a partial file is never continued with another version's bytes; empty when nothing does.
  var version = ""
  /// Request headers, given to `curl` on its standard input so that no token shows in a process
  /// list.
  var headers: [String] = []

  /// Asks the server for what is not known of the file: its size, its hash, its version.
  mutating func ask(_ job: PullJob) throws(SparrowError) {
    let fields = try Curl.fields(of: url, headers: headers, job)
    bytes = bytes ?? fields.bytes
    hash = hash ?? fields.hash(fromHub: url.hasPrefix(job.endpoint + "/"))
    version = fields.version
  }

  /// Where it grows: a place of its own for each version.
  func partial(_ job: PullJob) -> String {
    let key = url + (hash?.digits ?? version)
    return job.work + "/" + name + "." + hexSHA256(Array(key.utf8)).prefix(12) + ".partial"
  }

  func fetch(_ job: PullJob, index: Int, count: Int) throws(SparrowError) -> PulledModel.File {
    let partial = partial(job)
    // Without a version nobody could tell whether the beginning belongs to the rest.
    if hash == nil, version.isEmpty { try Files.remove(partial) }
    if let bytes, let have = Files.size(partial), have > bytes { try Files.remove(partial) }
    var isAnew = false
    while true {
      var resumed = Files.size(partial) ?? 0 > 0
      if bytes == nil || Files.size(partial) != bytes {
        resumed = try transfer(to: partial, job, index, count)
      }
      let size = Files.size(partial) ?? 0
      let sha256 = try digest(ofFile: partial) { done throws(SparrowError) in
        try job.step(.checking, name, index: index, count: count, done: done, total: size)
      }.hexDigest()
      guard let error = try fault(of: partial, size: size, sha256: sha256, job) else {
        try Files.sync(partial)
        try Files.move(partial, to: job.ready + "/" + name)
        return .init(name: name, bytes: size, sha256: sha256, checked: hash != nil)
      }
      try Files.remove(partial)
      // Its beginning may be what was wrong: a login page that an earlier try took for the file.
      guard resumed, !isAnew else { throw error }
      isAnew = true
    }
  }

  /// A file of this download that an earlier, interrupted pull has finished, when its hash proves
  /// it.
  func alreadyReady(_ job: PullJob) throws(SparrowError) -> PulledModel.File? {
    let path = job.ready + "/" + name
    guard let hash, let size = Files.size(path), bytes == nil || size == bytes else { return nil }
    let sha256 = try digest(ofFile: path).hexDigest()
    guard try hash.mismatch(ofFile: path, sha256: sha256) == nil else { return nil }
    return .init(name: name, bytes: size, sha256: sha256, checked: true)
  }

  /// What is wrong with a file that came whole; nil when it is what was asked for.
  private func fault(
    of path: String, size: Int, sha256: String, _ job: PullJob
  ) throws(SparrowError) -> SparrowError? {
    if let bytes, size != bytes {
      return job.failure(
        .mismatch, field: name, "\(size) bytes, file removed", expected: "\(bytes)")
    }
    if let hash {
      return try hash.mismatch(ofFile: path, sha256: sha256).map {
        job.failure(.mismatch, field: name, $0 + ", file removed", expected: hash.digits)
      }
    }
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    if name.lowercased().hasSuffix(".gguf"), !file.bytes.prefix(4).elementsEqual("GGUF".utf8) {
      return job.failure(.mismatch, field: name, "no GGUF file; removed", expected: "'GGUF' first")
    }
    return nil
  }

  /// Fetches what is missing of the file. True when a part of it was there before: then the whole
  /// may hold bytes that do not belong together.
  private func transfer(
    to partial: String, _ job: PullJob, _ index: Int, _ count: Int
  ) throws(SparrowError) -> Bool {
    var retries = Retries(job, item: name, url: url)
    var farthest = Files.size(partial) ?? 0
    while true {
      let resumed = Files.size(partial) ?? 0 > 0
      let answer = try Curl.run(
        ["--output", partial] + (resumed ? ["--continue-at", "-"] : []) + [url],
        headers: headers, job
      ) { () throws(SparrowError) in
        try job.step(
          .downloading, name, index: index, count: count, done: Files.size(partial) ?? 0,
          total: bytes)
      }
      if answer.isPage, answer.fields.code < 400 {
        // 33: it came in answer to a range, and none of it was written behind what was there.
        if answer.status != 33 { try Files.remove(partial) }
        throw Curl.page(job, url)
      }
      let size = Files.size(partial) ?? 0
      if answer.isGood, !isCut(answer, size: size) {
        // An empty file comes without a body, and curl then makes none.
        if !Files.exists(partial) { try Files.write([], to: partial) }
        return resumed
      }
      if resumed, answer.status == 33 || answer.fields.code == 416 {
        // The server cannot continue, or the partial file is no beginning of what it has.
        try Files.remove(partial)
      } else {
        guard answer.isGood || Retries.mayPass(answer, begun: true) else {
          throw Curl.failure(answer, job, url)
        }
        // A tenth of a small file, a megabyte of a large one; what came before counts once.
        let piece = min(1 << 20, (bytes ?? .max) / 10)
        try retries.wait(after: answer, progressed: size - farthest > piece)
        farthest = max(farthest, size)
      }
    }
  }

  /// True when a good answer ended early and nothing but the connection's end said where.
  private func isCut(_ answer: Curl.Answer, size: Int) -> Bool {
    guard let bytes, size < bytes else { return false }
    return answer.fields["content-length"] == nil && answer.fields["transfer-encoding"] == nil
  }
}
