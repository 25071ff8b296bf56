#if Training
  import SparrowCore
  import SparrowTestSupport
  import Testing

  @testable import SparrowHub

  /// Trains in several processes.
  struct DistributedTests {
    /// Trains a tiny model; gives the process's outcome.
    private static func train(
      _ folder: TemporaryFolder, _ name: String, batch: Int, environment: [String: String] = [:]
    ) throws -> Subprocess.Outcome {
      try ProgramTests.run(
        ["train", "lte", Fixtures.path("models/smollm2"), "--text", folder.file("text.jsonl")]
          + [
            "--output", folder.file(name), "--steps", "40", "--batch", "\(batch)", "--length", "16",
          ]
          + ["--groups", "8", "--warm-up", "1", "--save-every", "20", "--cpu"]
          + (environment.isEmpty ? [] : ["--distributed"]), environment: environment)
    }

    /// Two processes at once, joined by MLX's ring of sockets.
    private static func trainPair(
      _ folder: TemporaryFolder, _ name: String
    ) async throws -> [Subprocess.Outcome] {
      let port = 20_000 + Int.random(in: 0..<10_000)
      let hosts = try folder.write(
        "hosts.json", "[[\"127.0.0.1:\(port)\"], [\"127.0.0.1:\(port + 1)\"]]")
      return try await withThrowingTaskGroup(of: (Int, Subprocess.Outcome).self) { group in
        for rank in 0..<2 {
          group.addTask {
            let environment = ["MLX_HOSTFILE": hosts, "MLX_RANK": "\(rank)"]
            return (rank, try train(folder, name, batch: 2, environment: environment))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
      }
    }

    /// Of each line of metrics.
    private static func losses(_ folder: TemporaryFolder, _ name: String) throws -> [Double] {
      try folder.read(name + "/metrics.jsonl").split(separator: UInt8(ascii: "\n")).map { line in
        try #require(try JSON.parse(Array(line))["loss"]?.double)
      }
    }

    @Test("two processes learn as one of twice their batch, and one of them writes and speaks")
    func pair() async throws {
      let folder = try TemporaryFolder()
      let lines = (0..<40).map { line in
        let text = String(repeating: "the \(line * 7 % 13) is in the \(line) ", count: line % 4 + 1)
        return "{\"text\": \"\(text)\"}\n"
      }
      try folder.write("text.jsonl", lines.joined())
      let one = try Self.train(folder, "one", batch: 4)
      #expect(one.status == 0, "\(one.complaint)")
      let outcomes = try await Self.trainPair(folder, "two")
      for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.complaint)") }
      let steps = outcomes[0].outputText.split(separator: "\n").filter { $0.contains("  step ") }
      #expect(steps.count == 5 && outcomes[1].output.isEmpty)

      let wanted = try Self.losses(folder, "one")
      let found = try Self.losses(folder, "two")
      #expect(wanted.count == 5 && found.count == 5)
      for (a, b) in zip(found, wanted) { #expect(abs(a - b) < 1e-4, "\(found) \(wanted)") }
      try await resume(folder, found)
    }

    /// Without the last checkpoint both go on from the one before.
    private func resume(_ folder: TemporaryFolder, _ wanted: [Double]) async throws {
      let checkpoints = folder.file("two/checkpoints")
      let names = Files.names(in: checkpoints)
      #expect(names == ["step-00000020", "step-00000040"])
      try Files.remove(checkpoints + "/step-00000040")
      let outcomes = try await Self.trainPair(folder, "two")
      for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.complaint)") }
      #expect(try Self.losses(folder, "two") == wanted)
    }

    @Test("without a group --distributed says how to start one")
    func noGroup() throws {
      let folder = try TemporaryFolder()
      try folder.write("text.jsonl", "{\"text\": \"a\"}\n")
      let outcome = try Self.train(folder, "run", batch: 1, environment: ["MLX_RANK": "0"])
      #expect(outcome.status == 2)
      #expect(outcome.complaint.contains("mpirun"), "\(outcome.complaint)")
    }
  }
#endif
