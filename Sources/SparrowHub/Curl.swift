internal import SparrowCore

/// The `curl` program, as pulling uses it.
enum Curl {
  /// Runs `curl` with `arguments`; a status other than 0 is the caller's to judge.
  static func run(
    _ arguments: [String], headers: [String], _ job: PullJob,
    tick: (_ output: [UInt8]) throws(SparrowError) -> Void
  ) throws(SparrowError) -> Subprocess.Outcome {
    let fixed = [
      "curl", "--fail", "--location", "--silent", "--show-error", "--proto", "=http,https",
      "--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "60", "--retry", "3",
      "--user-agent", "sparrow", "--header", "@-",
    ]
    let subprocess = Subprocess(
      arguments: fixed + arguments, environment: job.environment,
      input: headers.map { $0 + "\n" }.joined())
    return try subprocess.run(tick: tick)
  }

  /// The body of a small answer.
  static func text(
    of url: String, headers: [String], _ job: PullJob
  ) throws(SparrowError) -> [UInt8] {
    let outcome = try run([url], headers: headers, job) { _ throws(SparrowError) in
      try job.step(.asking, job.source.name)
    }
    guard outcome.status == 0 else { throw failure(outcome, job, url) }
    return outcome.output
  }

  /// The last answer's header fields, names in lower case, with the hub's `x-linked-…` fields of the answers
  /// before it; empty when the server does not answer such requests.
  static func fields(
    of url: String, headers: [String], _ job: PullJob
  ) throws(SparrowError) -> [String: String] {
    let outcome = try run(["--head", url], headers: headers, job) { _ throws(SparrowError) in
      try job.step(.asking, job.source.name)
    }
    if outcome.status == 22 { return [:] }
    guard outcome.status == 0 else { throw failure(outcome, job, url) }
    var fields: [String: String] = [:]
    for line in outcome.outputText.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("HTTP/") {
        fields = fields.filter { $0.key.hasPrefix("x-linked-") }
      } else if let colon = line.firstIndex(of: ":") {
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        fields[line[..<colon].lowercased()] = String(value)
      }
    }
    return fields
  }

  static func failure(
    _ outcome: Subprocess.Outcome, _ job: PullJob, _ url: String
  ) -> SparrowError {
    let complaint = outcome.complaint
    if complaint.hasSuffix(" 401") || complaint.hasSuffix(" 403") {
      return job.failure(
        "\(url): access refused; set HF_TOKEN to a token that may read it, or check the name")
    }
    return job.failure("\(url): \(complaint)")
  }
}
