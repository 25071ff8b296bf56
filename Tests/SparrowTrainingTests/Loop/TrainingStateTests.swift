#if Training
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Damaged checkpoints.
    @Suite struct TrainingStateTests {
      private let tiny: TinyTrainer
      private let stages: [TrainingStage]
      private let checkpoint: String

      init() throws {
        let tiny = try TinyTrainer()
        let stages = try tiny.stages(
          routers: 4, adaptation: 3, pressure: .controlled(DensityController(target: 0.4)))
        #expect(throws: SparrowError.self) { try tiny.train("run", stages, stopAfter: 3) }
        checkpoint = "run/checkpoints/step-00000003/"
        self.tiny = tiny
        self.stages = stages
      }

      /// What opening the checkpoint with one file replaced throws; nil when it goes on.
      private func failure(_ name: String, _ bytes: [UInt8]) throws -> SparrowError? {
        try tiny.folder.write(checkpoint + name, bytes)
        do {
          _ = try tiny.trainer("run", stages)
          return nil
        } catch let error as SparrowError {
          return error
        }
      }

      @Test(arguments: [
        ("\"stage\": 0", "\"stage\": 2", "stage"), ("\"stage\": 0", "\"stage\": 1", "step"),
        ("\"stage_step\": 3", "\"stage_step\": 5", "stage_step"),
        ("\"step\": 3", "\"step\": 4", "step"), ("\"step\": 3", "\"step\": \"3\"", "step"),
        ("\"epoch\": 0", "\"epoch\": -1", "epoch"),
        ("\"epoch\": 0", "\"epoch\": 9223372036854775807", "epoch"),
        ("\"row\": 6", "\"row\": 1000000", "position"), ("\"integral\"", "\"total\"", "integral"),
        ("\"integral\": ", "\"integral\": 1000000", "integral"),
        ("\"density\": 0", "\"density\": 7", "density"),
        ("\"last_density\": 0", "\"last_density\": -7", "last_density"),
        ("\"run\": \"run\"", "\"run\": \"ruin\"", "run"),
      ])
      func wrongCountersAreNamed(old: String, new: String, field: String) throws {
        let text = String(
          decoding: try tiny.folder.read(checkpoint + "state.json"), as: UTF8.self)
        let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(old) in \(text)")
        let error = try failure("state.json", Array((parts[0] + new + parts[1]).utf8))
        #expect(error?.field == field, "\(String(describing: error))")
        #expect(error?.file.isEmpty == false)
      }

      @Test func missingAndMisshapenTensorsAreNamed() throws {
        for name in ["parameter.layers.0.gate", "first.layers.1.router", "second.finalNorm"] {
          for found in [nil, [3, 5]] as [[Int]?] {
            var writer = SafetensorsWriter()
            let checkpoint = try Checkpoint.open(
              tiny.folder.file(self.checkpoint + "state.safetensors"))
            for entry in checkpoint.tensors where entry.name != name {
              try writer.add(
                name: entry.name, shape: entry.shape, floats: try checkpoint.floats(entry))
            }
            if let found {
              try writer.add(name: name, shape: found, floats: .init(repeating: 0, count: 15))
            }
            try writer.write(to: tiny.folder.file("other.safetensors"))
            let whole = try tiny.folder.read(self.checkpoint + "state.safetensors")
            let error = try failure("state.safetensors", tiny.folder.read("other.safetensors"))
            #expect(error?.kind == .malformed && error?.field == name)
            #expect(error?.found == (found == nil ? "nothing" : "shape [3, 5]"))
            try tiny.folder.write(self.checkpoint + "state.safetensors", whole)
          }
        }
      }

      @Test(arguments: [("state.json", 400), ("state.safetensors", 100)])
      func noDamageTraps(name: String, count: Int) throws {
        let whole = try tiny.folder.read(checkpoint + name)
        var mutator = Mutator(seed: 11)
        // Of the tensors' file the header is damaged: nothing tells wrong weights from right ones.
        let header = name == "state.json" ? whole.count : 4000
        var failures = 0
        for _ in 0..<count {
          let bytes = mutator.mutate(Array(whole[..<header])) + whole[header...]
          guard let error = try failure(name, bytes) else { continue }
          failures += 1
          #expect(error.file.isEmpty == false, "\(error)")
        }
        #expect(failures > count / 2)
        for cut in stride(from: 0, to: whole.count - 1, by: max(1, whole.count / 60)) {
          #expect(try failure(name, Array(whole[..<cut])) != nil, "\(cut) bytes")
        }
      }
    }
  }
#endif
