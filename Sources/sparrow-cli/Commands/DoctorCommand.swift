import ArgumentParser
import SparrowCore
import SparrowMachine

/// `sparrow doctor`: what this machine gives, and what is missing.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Print what this machine gives, what is missing and how to get it.",
    discussion: """
      Example:
        sparrow doctor --json

      For reports of faults: it names no users or hosts, and no folder but the cache's. The exit \
      status is 1 when something is broken that Sparrow cannot work without. Takes about two \
      seconds, in which memory is read at full speed.
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let checkup = Checkup.run()
    if output.json {
      output.print(checkup.json)
    } else {
      Terminal.write(checkup.text(isPretty: Terminal.isPretty))
    }
    if !checkup.isWell { throw ExitCode(1) }
  }
}
