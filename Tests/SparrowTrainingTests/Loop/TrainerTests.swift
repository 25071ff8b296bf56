#if Training
  import SparrowCore
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct TrainerTests {
      private var tiny: TinyTrainer

      init() throws { tiny = try TinyTrainer() }

      private func controlled() throws -> [TrainingStage] {
        try tiny.stages(
          routers: 8, adaptation: 7,
          pressure: .controlled(
            DensityController(target: 0.4, ramp: .init(from: 0.8, steps: 5))), settled: 0.4)
      }

      @Test(arguments: [[3], [8], [12], [1, 2, 9, 14]])
      func aStoppedRunGoesOnToTheSameLosses(stops: [Int]) throws {
        let stages = try controlled()
        let whole = try tiny.train("whole", stages)
        for step in stops {
          let error = #expect(throws: SparrowError.self) {
            try tiny.train("parts", stages, stopAfter: step)
          }
          #expect(error?.kind == .cancelled)
          #expect(error?.found == "stopped after step \(step)")
        }
        let parts = try tiny.train("parts", stages)
        let wanted = try tiny.metrics("whole")
        #expect(wanted.count == 15 && wanted.allSatisfy { $0.loss.isFinite })
        #expect(try tiny.metrics("parts") == wanted)
        for name in whole.names {
          #expect(try parts[name]!.floats() == whole[name]!.floats(), "\(name)")
        }
      }

      @Test func aKilledRunRepeatsTheStepsSinceItsCheckpoint() throws {
        var tiny = tiny
        tiny.options.saveEvery = 4
        let stages = try controlled()
        try tiny.train("whole", stages)
        for (step, safe) in [(3, nil), (7, 4), (11, 8), (14, 12)] as [(Int, Int?)] {
          let error = #expect(throws: SparrowError.self) {
            try tiny.train("parts", stages, killAfter: step)
          }
          #expect(error?.found == "killed")
          #expect(try tiny.metrics("parts").count == step)
          #expect(
            try CheckpointFolder(path: tiny.folder.file("parts/checkpoints")).latest?.step == safe)
        }
        try tiny.train("parts", stages)
        #expect(try tiny.metrics("parts") == tiny.metrics("whole"))
      }

      @Test func aRunThatEndedStaysAsItIs() throws {
        let stages = try controlled()
        let trained = try tiny.train("run", stages, stopAfter: 15)
        let again = try tiny.train("run", stages)
        #expect(try tiny.metrics("run").count == 15)
        for name in trained.names {
          #expect(try again[name]!.floats() == trained[name]!.floats(), "\(name)")
        }
      }

      /// Rows have different numbers of learnt tokens: each token counts the same all the same.
      @Test func accumulatedBatchesLearnAsOneOfTheirSize() throws {
        var tiny = tiny
        let stages = Array(try tiny.stages(routers: 6, adaptation: 1).dropLast())
        var curves: [[Float]] = []
        for (batch, accumulation) in [(4, 1), (2, 2), (1, 4)] {
          tiny.options.accumulation = accumulation
          let trainer = try tiny.trainer("of \(batch)", stages, batch: batch)
          var values: [Float] = []
          _ = try trainer.train(report: { line, _ throws(SparrowError) in
            values += [line.loss, line.density ?? 0, line.gradientNorm ?? 0].map(Float.init)
          })
          curves.append(values)
        }
        #expect(curves[0].count == 18)
        expectClose(curves[1], curves[0], "2 of 2")
        expectClose(curves[2], curves[0], "4 of 1")
      }

      @Test(arguments: [1, 4]) func aLossThatIsNoNumberLeavesTheLastCheckpoint(every: Int) throws {
        var tiny = tiny
        tiny.options.reportEvery = every
        tiny.options.saveEvery = 2
        var stages = Array(try tiny.stages(routers: 8, adaptation: 1).dropLast())
        let trainer = try tiny.trainer("run", stages)
        var step = 0
        #expect(throws: SparrowError.self) {
          try trainer.train(
            report: { line, _ throws(SparrowError) in step = line.step },
            shouldStop: { step >= 4 })
        }
        stages[0].rate = try LearningRate(peak: 1e30)
        let error = #expect(throws: SparrowError.self) {
          try tiny.trainer("run", stages).train(report: { _, _ in })
        }
        #expect(error?.kind == .argument && error?.field == "loss")
        #expect(
          error?.expected == "numbers: try a lower learning rate; step 4 is saved",
          "\(String(describing: error))")
        let safe = try tiny.trainer("run", stages)
        #expect(safe.stepsDone == 4)
        for tensor in safe.state.parameters.tensors {
          #expect(try tensor.floats().allSatisfy(\.isFinite))
        }
      }

      @Test func anotherRunsCheckpointIsRefused() throws {
        let stages = try controlled()
        #expect(throws: SparrowError.self) { try tiny.train("run", stages, stopAfter: 2) }
        let error = #expect(throws: SparrowError.self) {
          try tiny.trainer("run", stages, run: "another run")
        }
        #expect(error?.kind == .mismatch && error?.field == "run")
      }

      /// A checkpoint is written to a folder beside it: where none can be made, the disk is as good
      /// as full.
      @Test func aSaveThatFailsKeepsTheLastCheckpoint() throws {
        var tiny = tiny
        let stages = try controlled()
        #expect(throws: SparrowError.self) { try tiny.train("run", stages, stopAfter: 2) }
        tiny.options.saveEvery = 1
        let checkpoints = tiny.folder.file("run/checkpoints")
        let trainer = try tiny.trainer("run", stages)
        try Files.move(checkpoints, to: checkpoints + ".away")
        try tiny.folder.write("run/checkpoints", "a file in the way")
        let error = #expect(throws: SparrowError.self) {
          try trainer.train(report: { _, _ in })
        }
        #expect(error?.kind == .system && error?.found.hasPrefix("not saved: ") == true)
        try Files.remove(checkpoints)
        try Files.move(checkpoints + ".away", to: checkpoints)
        #expect(try tiny.trainer("run", stages).stepsDone == 2)
      }
    }
  }
#endif
