import ArgumentParser

/// How many threads work.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "Threads; 0 is as many as may work at once here.")
  var threads = 0

  func validate() throws {
    guard (0...256).contains(threads) else {
      throw ValidationError("--threads \(threads): expected 0 to 256")
    }
  }

  /// nil leaves it to the machine.
  var count: Int? { threads == 0 ? nil : threads }
}
