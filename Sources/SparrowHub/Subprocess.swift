internal import CSparrowSystem
package import SparrowCore

/// One run of another program, found on the path, its output caught.
package struct Subprocess {
  /// What a program left behind.
  package struct Outcome {
    /// As a shell gives it: 128 plus the signal when one ended it.
    package var status: Int32
    package var output: [UInt8]
    package var errors: [UInt8]

    package var outputText: String { String(decoding: output, as: UTF8.self) }
    /// The last line on standard error that says something.
    package var complaint: String {
      let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
      return lines.last.map(String.init) ?? "exit status \(status)"
    }
  }

  let arguments: [String]
  let environment: [String: String]
  /// Bytes for its standard input: fewer than a pipe holds, since they are written beforehand.
  let input: String

  package init(arguments: [String], environment: [String: String], input: String = "") {
    self.arguments = arguments
    self.environment = environment
    self.input = input
  }

  /// Runs to the end. `tick` is called about ten times a second with the output so far; when it
  /// throws, the program is ended and the error passed on.
  package func run(
    tick: (_ output: [UInt8]) throws(SparrowError) -> Void = { _ in }
  ) throws(SparrowError) -> Outcome {
    precondition(input.utf8.count < 4096, "input must fit the pipe")
    let inEnds = try pipe()
    let outEnds = try pipe()
    let errEnds = try pipe()
    defer {
      close(outEnds.read)
      close(errEnds.read)
    }
    _ = input.utf8CString.withUnsafeBytes {
      CSparrowSystem.write(inEnds.write, $0.baseAddress, $0.count - 1)
    }
    close(inEnds.write)
    var process: pid_t = 0
    let status = withStrings(arguments) { arguments in
      withStrings(environment.map { $0.key + "=" + $0.value }) { environment in
        ss_spawn(arguments, environment, inEnds.read, outEnds.write, errEnds.write, &process)
      }
    }
    close(inEnds.read)
    close(outEnds.write)
    close(errEnds.write)
    guard status == 0 else {
      throw SparrowError(
        .system, file: arguments[0], found: systemMessage(status),
        expected: "the program '\(arguments[0])' on the path")
    }
    var outcome = Outcome(status: 0, output: [], errors: [])
    do {
      var open = 2
      while open > 0 {
        open = 0
        var sets = [
          pollfd(fd: outEnds.read, events: Int16(POLLIN), revents: 0),
          pollfd(fd: errEnds.read, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&sets, 2, 100)
        open += drain(sets[0], into: &outcome.output) ? 1 : 0
        open += drain(sets[1], into: &outcome.errors) ? 1 : 0
        try tick(outcome.output)
        // A closed pipe polls ready at once; the other must not make this loop spin.
        if open == 1 { usleep(20_000) }
      }
    } catch {
      kill(process, SIGTERM)
      _ = wait(process)
      throw error
    }
    outcome.status = wait(process)
    try tick(outcome.output)
    return outcome
  }

  private func pipe() throws(SparrowError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard ss_pipe(&ends) == 0 else {
      throw SparrowError(.system, file: arguments[0], found: "pipe: " + systemMessage(ss_errno()))
    }
    return (ends[0], ends[1])
  }

  /// Reads what is there; false once the other end is closed.
  private func drain(_ set: pollfd, into buffer: inout [UInt8]) -> Bool {
    guard set.revents != 0 else { return true }
    let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { memory in
      let count = read(set.fd, memory.baseAddress, memory.count)
      if count > 0 { buffer.append(contentsOf: memory.prefix(count)) }
      return count
    }
    return count > 0 || (count < 0 && ss_errno() == EINTR)
  }

  private func wait(_ process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, ss_errno() == EINTR {}
    return ss_exit_status(status)
  }
}

/// Calls `body` with the strings as a C array ended by NULL.
private func withStrings<R>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
) -> R {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies + [nil])
}
