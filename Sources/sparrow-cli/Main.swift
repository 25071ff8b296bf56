import ArgumentParser
import CSparrowSystem
import SparrowCore

/// Runs the command line: results on standard output, one line on standard error when it fails.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
@main
enum Main {
  static func main() {
    ss_catch_interrupts()
    do {
      var command = try SparrowCommand.parseAsRoot()
      try command.run()
      exit(0)
    } catch {
      finish(error)
    }
  }

  private static func finish(_ error: any Error) -> Never {
    if let error = error as? SparrowError {
      Terminal.complain(error.description)
      exit(error.kind == .cancelled ? 130 : 1)
    }
    let code = SparrowCommand.exitCode(for: error)
    guard !code.isSuccess else {
      Terminal.write(SparrowCommand.fullMessage(for: error) + "\n")
      exit(0)
    }
    if let code = error as? ExitCode { exit(code.rawValue) }
    let isUsage = code == .validationFailure
    let message = SparrowCommand.message(for: error)
    Terminal.complain(isUsage ? message + "; see sparrow --help" : message)
    exit(isUsage ? 2 : 1)
  }
}
