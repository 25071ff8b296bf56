internal import SparrowCore

/// The `curl` program, as pulling uses it.
enum Curl {
  /// What came back of one request.
  struct Answer {
    /// curl's own exit status.
    let status: Int32
    let output: [UInt8]
    /// The last line that curl complained by.
    let complaint: String
    let fields: AnswerFields

    var isGood: Bool { status == 0 }
    /// A page for people in place of what was asked for: a login, a proxy's refusal, a portal.
    var isPage: Bool { fields["content-type"]?.lowercased().hasPrefix("text/html") == true }
  }

  /// Runs `curl` once; what it answers is the caller's to judge.
  static func run(
    _ arguments: [String], headers: [String], _ job: PullJob,
    tick: () throws(SparrowError) -> Void
  ) throws(SparrowError) -> Answer {
    let received = job.work + "/answer"
    let fixed = [
      "curl", "--fail", "--location", "--silent", "--show-error", "--proto", "=http,https",
      "--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "60",
      "--user-agent", "sparrow", "--header", "@-", "--dump-header", received,
    ]
    let subprocess = Subprocess(
      arguments: fixed + arguments, environment: job.environment,
      input: headers.map { $0 + "\n" }.joined())
    let outcome = try subprocess.run { _ throws(SparrowError) in try tick() }
    let text = Files.isFile(received) ? try Files.read(received) : []
    try Files.remove(received)
    return Answer(
      status: outcome.status, output: outcome.output, complaint: outcome.complaint,
      fields: AnswerFields(String(decoding: text, as: UTF8.self)))
  }

  /// The body of a small answer, asked for until it comes or trying again is in vain.
  static func text(
    of url: String, headers: [String], _ job: PullJob
  ) throws(SparrowError) -> [UInt8] {
    let answer = try patiently([url], url, headers, job)
    guard answer.isGood else { throw failure(answer, job, url) }
    guard !answer.isPage else { throw page(job, url) }
    return answer.output
  }

  /// The last answer's header fields, with the hub's own of the answers before it; empty when the
  /// server does not answer such requests.
  static func fields(
    of url: String, headers: [String], _ job: PullJob
  ) throws(SparrowError) -> AnswerFields {
    let answer = try patiently(["--head", "--output", "/dev/null", url], url, headers, job)
    if answer.status == 22 { return AnswerFields("") }
    guard answer.isGood else { throw failure(answer, job, url) }
    guard !answer.isPage else { throw page(job, url) }
    return answer.fields
  }

  private static func patiently(
    _ arguments: [String], _ url: String, _ headers: [String], _ job: PullJob
  ) throws(SparrowError) -> Answer {
    var retries = Retries(job, item: job.source.name, url: url)
    while true {
      let answer = try run(arguments, headers: headers, job) { () throws(SparrowError) in
        try job.step(.asking, job.source.name)
      }
      guard !answer.isGood, Retries.mayPass(answer, begun: false) else { return answer }
      try retries.wait(after: answer)
    }
  }

  /// Why a request failed, with what to do about it.
  static func failure(_ answer: Answer, _ job: PullJob, _ url: String) -> SparrowError {
    let code = answer.fields.code
    let place = job.source.name == url ? "" : url + ": "
    let known = answer.fields["x-error-code"] ?? ""
    let hasToken = url.hasPrefix(job.endpoint + "/") && !job.token.isEmpty
    if answer.status == 23 {
      let free = Files.freeBytes(job.work).map { "; \(Quantity.bytes($0)) are free" } ?? ""
      return job.failure(
        .system, "cannot write to \(job.work)\(free)",
        expected: "a folder with room for the model; set SPARROW_CACHE to one")
    }
    guard answer.status == 22, code >= 400 else {
      let complaint = answer.isGood ? "the connection ended early" : answer.complaint
      return job.failure("\(place)\(complaint)")
    }
    switch (code, job.source) {
    case (_, .hub(let repository, _)) where known == "GatedRepo" || code == 403:
      return job.failure(
        .system, "access refused (\(code)): the model is gated or not yours",
        expected: "its terms accepted at \(job.endpoint)/\(repository), and "
          + (hasToken ? "HF_TOKEN of that account" : "HF_TOKEN set to a token of that account"))
    case (401, .hub):
      return job.failure(
        .system, "access refused (401): no such repository, or a private or gated one",
        expected: hasToken
          ? "another HF_TOKEN, or another name: this token may not read it"
          : "the right name, or HF_TOKEN set to a token that may read it")
    case (404, .hub):
      return job.failure(
        .system, "\(place)not found (404)",
        expected: "the name of a model as the hub's page writes it")
    case (401, _), (403, _):
      return job.failure(
        .system, "\(place)access refused (\(code))",
        expected: "a link that is open to all and still holds")
    case (429, _):
      return job.failure(
        .system, "\(place)too many requests (429)",
        expected: "a later try; the hub allows more with HF_TOKEN")
    default: return job.failure("\(place)the server answers \(code)")
    }
  }

  static func page(_ job: PullJob, _ url: String) -> SparrowError {
    job.failure(
      .malformed, "\(url): a web page came in its place",
      expected: "the file itself; is a login needed between here and the server?")
  }
}
