import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

/// Results that do not arrive, and places that cannot be written.
struct OutputTests {
  static let model = Fixtures.path("models/smollm2")

  static let results: [[String]] = [
    ["info", model], ["info", model, "--json"], ["--help"], ["--version"], ["chat", "--help"],
    ["generate", model, "-t", "1", "-p", "a", "-n", "2"],
    ["generate", model, "-t", "1", "-p", "a", "-n", "2", "--json"],
    ["perplexity", model, "-t", "1", "--text", #filePath, "--context", "16", "--chunks", "1"],
    ["bench", model, "-t", "1", "--prompt", "4", "--generate", "2", "--repeat", "1", "--json"],
  ]

  @Test("a full device or a closed standard output is a failure with a line", arguments: results)
  func fullDevice(arguments: [String]) throws {
    for script in ["exec \"$@\" >/dev/full", "exec \"$@\" >&-"] {
      let outcome = try ProgramTests.shell(script, arguments)
      #expect(outcome.status == 1)
      #expect(outcome.complaint.hasPrefix("sparrow: standard output: "))
    }
  }

  @Test("a reader that has gone ends the program quietly, unless SIGPIPE is ignored")
  func closedPipe() throws {
    let arguments = ["info", Self.model, "--tensors"]
    let quiet = try ProgramTests.shell(
      "{ sleep 0.2; env --default-signal=PIPE \"$@\"; echo $? >&2; } | true", arguments)
    #expect(quiet.complaint == "141")
    let ignored = try ProgramTests.shell(
      "trap '' PIPE; { sleep 0.2; \"$@\"; echo $? >&2; } | true", arguments)
    #expect(ignored.complaint == "1")
  }

  @Test("an output that cannot be written is refused before any work")
  func places() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file", "mine")
    try Files.makeFolder(folder.file("folder"))
    try folder.write("folder/other", "mine")
    let bad = [
      "", file, folder.path + "/folder", "/proc/none/a", "/dev/null", folder.path + "/file/below",
      folder.file(String(repeating: "n", count: 250)), ".",
    ]
    // No text is read before the place is looked at.
    for place in bad {
      let calibrate = try ProgramTests.run([
        "calibrate", "head", Self.model, "--text", "/nonexistent", "--output", place,
      ])
      #expect(calibrate.status == 1 && !calibrate.complaint.contains("nonexistent"), "\(place)")
      let export = try ProgramTests.run(["export", Self.model, "--output", place])
      #expect(export.status == 1, "\(place)")
    }
    for place in bad where place != file {
      let evaluate = try ProgramTests.run([
        "evaluate", Self.model, "--adapter", "none", "--text", "/nonexistent", "--html", place,
      ])
      #expect(evaluate.status == 1 && !evaluate.complaint.contains("nonexistent"), "\(place)")
    }
    #expect(folder.names == ["file", "folder"])
    #expect(try folder.read("file") == Array("mine".utf8))
  }
}
