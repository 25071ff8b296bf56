import ArgumentParser
import SparrowCore

/// How results are printed.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// Prints a JSON value on standard output.
  func print(_ value: JSON) { Terminal.write(value.text(indent: 2) + "\n") }
}
