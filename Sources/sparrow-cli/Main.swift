import ArgumentParser
import CSparrowSystem
import SparrowCore

/// Runs the command line: results on standard output, one line on standard error when it fails.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C. Standard output that did not
/// take everything is a failure; a pipe whose reader has gone ends the program by SIGPIPE, as it
/// ends cat.
@main
enum Main {
  static func main() {
    ss_catch_interrupts()
    do {
      var command = try SparrowCommand.parseAsRoot(arguments().map(joiningTexts))
      try command.run()
      try Terminal.finish()
      exit(0)
    } catch let error as SparrowError {
      fail(error)
    } catch {
      finish(error)
    }
  }

  /// What stands behind the program's name. Swift reads it from /proc, which a bare root may not
  /// have.
  private static func arguments() -> [String]? {
    var count: Int32 = 0
    guard let values = ss_arguments(&count), count > 0 else { return nil }
    return (1..<max(1, Int(count))).compactMap { values[$0].map { String(cString: $0) } }
  }

  /// Options whose value may be any text, by the names that they are given under.
  private static let texts = [
    "--prompt": "--prompt", "-p": "--prompt", "--stop": "--stop", "--system": "--system",
  ]

  /// `--stop --` as `--stop=--`: the parser takes two hyphens for the end of all options, wherever
  /// they stand.
  private static func joiningTexts(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for argument in arguments {
      if argument == "--", let name = joined.last.flatMap({ texts[$0] }) {
        joined[joined.count - 1] = name + "=--"
      } else {
        joined.append(argument)
      }
    }
    return joined
  }

  private static func fail(_ error: SparrowError) -> Never {
    Terminal.complain(error.description)
    switch error.kind {
    case .cancelled: exit(130)
    case .argument: exit(2)
    default: exit(1)
    }
  }

  /// Ends after what the command line itself throws: help, wrong usage, an exit code.
  private static func finish(_ error: any Error) -> Never {
    let code = SparrowCommand.exitCode(for: error)
    guard !code.isSuccess else {
      Terminal.write(SparrowCommand.fullMessage(for: error) + "\n")
      do throws(SparrowError) { try Terminal.finish() } catch { fail(error) }
      exit(0)
    }
    if let code = error as? ExitCode { exit(code.rawValue) }
    let isUsage = code == .validationFailure
    if isUsage, let error = arguments().flatMap(FormerOptions.error) { fail(error) }
    let message = SparrowCommand.message(for: error)
    Terminal.complain(isUsage ? message + "; see sparrow --help" : message)
    exit(isUsage ? 2 : 1)
  }
}
