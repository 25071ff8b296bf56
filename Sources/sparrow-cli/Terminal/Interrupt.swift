import ArgumentParser
import CSparrowSystem
import SparrowCore

/// Ctrl-C and SIGTERM, noted by `Main` instead of ending the program; a second one ends it.
enum Interrupt {
  /// True once the user has asked to stop.
  static var isRequested: Bool { ss_interrupted() != 0 }

  /// Throws `.cancelled` once the user has asked to stop.
  static func check() throws(SparrowError) {
    if isRequested { throw .stopped }
  }

  /// Forgets a Ctrl-C that has done its work; false when the program was asked to end.
  static func forget() -> Bool {
    ss_forget_interrupt()
    return !isRequested
  }

  /// Ends the program with the exit code of an interrupt, after a result that was cut short was
  /// printed.
  static func exit(if isCutShort: Bool) throws {
    if isCutShort { throw ExitCode(130) }
  }
}
