import ArgumentParser
import Sparrow
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
      seconds, in which memory is read at full speed. An NVIDIA device is looked at too, which \
      takes a minute when its kernels are compiled for the first time.
      """)

  @Option(
    parsing: .unconditional,
    help: "The device to look at: cuda:0 where there is one, or cpu for none.",
    completion: .list(["cpu", "cuda:0"]))
  var device: Device?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Compare this model on the device with the plain lowering too; a slow one.",
      visibility: .hidden),
    completion: .file())
  var check: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    var checkup = Checkup.run()
    let device = device ?? (checkup.hasDevice ? .cuda(0) : .cpu)
    checkup.findings += device.findings(models: check).map { found in
      Finding(found.name, found.text, .string(found.text), found.isRight ? .fine : .broken)
    }
    if output.json {
      output.print(checkup.json)
    } else {
      Terminal.write(checkup.text(isPretty: Terminal.isPretty))
    }
    if !checkup.isWell { throw ExitCode(1) }
  }
}
