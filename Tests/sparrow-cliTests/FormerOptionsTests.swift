import SparrowTestSupport
import Testing

@testable import SparrowHub
@testable import sparrow_cli

/// Ways of calling that older programs had.
struct FormerOptionsTests {
  @Test(
    "a former call is refused with the new one",
    arguments: [
      ("calibrate MODEL --head --text t", "sparrow calibrate head MODEL"),
      ("calibrate MODEL --method sketch --text t", "sparrow calibrate networks MODEL"),
      ("calibrate --text t --head --method=sketch MODEL", "sparrow calibrate all MODEL"),
      ("calibrate MODEL --method teal --text t", "sparrow calibrate inputs MODEL"),
      (
        "calibrate MODEL --attention --attention-density 0.5",
        "sparrow calibrate attention MODEL; --attention-density is --density there"
      ),
      ("calibrate MODEL --text t", "sparrow calibrate networks MODEL"),
      ("calibrate head MODEL --text t --groups 512", "--groups: an option"),
      ("calibrate networks MODEL --text t --fetch=2", "expected --candidates-per-k"),
      ("calibrate networks MODEL --text t --group-size 8", "expected --groups"),
      ("calibrate attention MODEL --text t --attention-rank 8", "expected --rank"),
      ("generate MODEL -p a --maximum-tokens 3", "expected --max-tokens"),
      ("chat MODEL --maximum-tokens 3", "expected --max-tokens"),
      ("demo MODEL --text t --tokens 3", "expected --max-tokens"),
      ("train topk MODEL --text t --output o --sketch-rank 32", "expected --rank"),
    ])
  func refused(call: String, answer: String) throws {
    let model = Fixtures.path("models/smollm2")
    let outcome = try ProgramTests.run(
      call.split(separator: " ").map { $0 == "MODEL" ? model : String($0) })
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(outcome.complaint.contains(answer), "\(outcome.complaint)")
    #expect(outcome.complaint.split(separator: "\n").count == 1)
  }

  @Test("what was never an option is wrong usage as ever")
  func others() throws {
    for call in [["calibrate", "--wrong"], ["calibrate", "head"], ["generate", "m", "--wrong"]] {
      let outcome = try ProgramTests.run(call)
      #expect(outcome.status == 2 && !outcome.complaint.contains("older"), "\(outcome.complaint)")
    }
    #expect(FormerOptions.error(["generate", "m", "--prompt", "--fetch"]) == nil)
    #expect(FormerOptions.error([]) == nil)
  }
}
