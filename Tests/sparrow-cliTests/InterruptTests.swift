import SparrowTestSupport
import Testing

@testable import SparrowHub

/// Waits that an interrupt ends. A program that went on would be killed, with status 137.
struct InterruptTests {
  static let model = Fixtures.path("models/smollm2")

  /// Interrupts the program once it has read from the pipe `$0`, which stays open, and exits as it
  /// does. A pipe holds less than what is written into it, so that a reader must be there.
  private func interrupt(_ signal: String, _ run: String) -> String {
    """
    mkfifo "$0"; exec 3<>"$0"
    \(run) & program=$!
    { sleep 100; kill -s KILL $program; } >/dev/null 2>&1 & guard=$!
    head -c 100000 /dev/zero >&3
    kill -s \(signal) $program; wait $program; status=$?
    kill $guard; exit $status
    """
  }

  @Test(
    "an interrupt while input is awaited ends the program with 130",
    arguments: ["INT", "TERM"],
    [
      ["generate", model, "--prompt", "-"], ["chat", model],
      ["perplexity", model, "--text", "-"], ["calibrate", "head", model, "--text", "-"],
      ["evaluate", model, "--adapter", "none", "--text", "-"],
    ])
  func waiting(signal: String, arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let outcome = try ProgramTests.shell(
      interrupt(signal, "\"$@\" <&3"), arguments, name: folder.file("pipe"),
      environment: ["SPARROW_CACHE": folder.path])
    #expect(outcome.status == 130)
  }

  @Test("an interrupt while a named pipe says nothing ends the program too")
  func namedPipe() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("pipe")
    let outcome = try ProgramTests.shell(
      interrupt("INT", "\"$@\""), ["perplexity", Self.model, "--text", pipe], name: pipe)
    #expect(outcome.status == 130)
  }
}
