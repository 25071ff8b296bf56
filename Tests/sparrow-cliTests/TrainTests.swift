#if Training
  import SparrowCore
  import SparrowTestSupport
  import Testing

  @testable import SparrowHub

  /// Trains a tiny model through the program.
  struct TrainTests {
    @Test("train lte learns tasks, says what trains, and settles a density")
    func tasks() throws {
      let folder = try TemporaryFolder()
      let lines = (0..<40).map { number in
        "{\"prompt\": \"\(number)+1=\", \"choices\": [\"0\", \"\(number + 1)\"], \"answer\": 1}\n"
      }
      let tasks = try folder.write("tasks.jsonl", lines.joined())
      let model = Fixtures.path("models/smollm2")
      let command = ["train", "lte", model, "--output", folder.file("run")]
      let trained = try ProgramTests.run(
        command + ["--task", tasks, "--steps", "4", "--batch", "2", "--length", "16"]
          + ["--groups", "8", "--distill", "0", "--target-density", "0.5", "--cpu"])
      #expect(trained.status == 0, "\(trained.complaint)")
      #expect(trained.complaint.contains("training on the CPU in float32"))
      let said = try #require(
        trained.outputText.split(separator: "\n").last { $0.hasPrefix("density on held-out") })
      let density = try #require(said.split(separator: " ").last.flatMap { Double($0) })
      #expect(abs(density - 0.5) < 0.1)
      let evaluated = try ProgramTests.run(
        ["evaluate", folder.file("run/model"), "--adapter", folder.file("run/adapter"), "-t", "1"]
          + ["--baseline", model, "--task", tasks, "--json"])
      #expect(evaluated.status == 0, "\(evaluated.complaint)")
      let run = try #require(try JSON.parse(evaluated.output)["runs"]?.array?.first)
      #expect(run["tasks"]?["choice"]?["tasks"]?.int == 40)

      let weight = try ProgramTests.run(command + ["--task", "0.1"])
      #expect(weight.status == 2 && weight.complaint.contains("--next-token"))
      let nothing = try ProgramTests.run(command)
      #expect(nothing.complaint.contains("give --text or --task"))
    }
  }
#endif
