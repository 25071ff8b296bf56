import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

@Suite struct DoctorTests {
  @Test("a JSON object on standard output, plain lines where nobody looks")
  func outputs() throws {
    let json = try ProgramTests.run(["doctor", "--json"])
    #expect(json.status == 0 && json.errors.isEmpty)
    let report = try JSON.parse(json.output)
    #expect(report["cores"]?["threads"]?.int == availableProcessors())
    #expect(report["sparrow"]?.string == sparrowVersion)
    let plain = try ProgramTests.run(["doctor"])
    #expect(plain.status == 0 && !plain.output.contains(0x1B))
    #expect(plain.outputText.hasPrefix("sparrow"))
  }

  @Test("nowhere to keep models is broken: exit status 1, and what to do")
  func broken() throws {
    let file = try FakeSystem(files: ["file": ""])
    let outcome = try ProgramTests.run(
      ["doctor"], environment: ["SPARROW_CACHE": file.root + "/file/cache"])
    #expect(outcome.status == 1 && outcome.outputText.contains("set SPARROW_CACHE"))
  }

  @Test("programs that are missing are no fault, and how to get them is said")
  func missing() throws {
    let outcome = try ProgramTests.run(
      ["doctor", "--json"], environment: ["PATH": "/nonexistent/folder"])
    #expect(outcome.status == 0)
    let missing = try JSON.parse(outcome.output)["missing"]
    for name in ["curl", "python", "pip", "mpirun"] {
      #expect(missing?[name]?.string?.contains("install") == true, "\(name)")
    }
  }

  @Test("more threads than processors warn once, and give the same tokens")
  func threads() throws {
    let count = availableProcessors()
    func run(_ threads: Int) throws -> Subprocess.Outcome {
      try ProgramTests.run([
        "generate", GenerateTests.model, "-p", "a b", "-n", "8", "--ignore-end", "--json", "-t",
        "\(threads)",
      ])
    }
    let fitting = try run(count)
    #expect(fitting.status == 0 && !fitting.errorText.contains("warning"))
    let more = try run(count + 2)
    #expect(more.status == 0)
    #expect(more.errorText.ranges(of: "warning: \(count + 2) threads share").count == 1)
    #expect(try JSON.parse(more.output)["tokens"] == JSON.parse(fitting.output)["tokens"])
  }
}

extension Subprocess.Outcome {
  fileprivate var errorText: String { String(decoding: errors, as: UTF8.self) }
}
