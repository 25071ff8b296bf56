#if Training
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct DensitySettlingTests {
      private let tiny: TinyTrainer

      init() throws { tiny = try TinyTrainer() }

      private func biases(_ parameters: Parameters) throws -> [Float] {
        try tiny.configuration.layers.indices.flatMap {
          try parameters[ParameterName.routerBias($0)]!.floats()
        }
      }

      /// What the last stage leaves is what decoding touches of all held-out rows.
      @Test(arguments: [0.3, 0.5, 0.7]) func aRunEndsAtItsDensity(target: Double) throws {
        let stages = try tiny.stages(routers: 4, adaptation: 4, settled: target)
        let trainer = try tiny.trainer("settled", stages)
        let trained = try trainer.train(report: { _, _ in })
        let found = try #require(trainer.heldOutDensity)
        #expect(abs(found - target) < 0.02)
        let model = SparseTransformer(
          tiny.configuration, networks: stages[1].networks.map(\.decoded))
        let batches = try trainer.parts(of: tiny.rows).map {
          Objective.Batch(try tiny.rows.batch($0)).tokens
        }
        let again = try DensitySettling(model, trained, batches: batches).settled(at: found)
        #expect(again.density == found)
        #expect(try again.biases.flatMap { try $0.value.floats() } == biases(trained))
      }

      /// One threshold for all: routers keep what they learnt of each other.
      @Test func allThresholdsMoveTogether() throws {
        let own = try tiny.train("own", try tiny.stages(routers: 4, adaptation: 2))
        let moved = try tiny.train(
          "moved", try tiny.stages(routers: 4, adaptation: 2, settled: 0.25))
        let shifts = zip(try biases(moved), try biases(own)).map { $0 - $1 }
        #expect(abs(shifts[0]) > 1e-3)
        #expect(shifts.allSatisfy { abs($0 - shifts[0]) < 1e-4 })
        let name = ParameterName.router(0)
        #expect(try moved[name]!.floats() == own[name]!.floats())
      }

      /// The last text has its share as the first one has.
      @Test func heldOutRowsAreSpreadOverAllTexts() throws {
        let trainer = try tiny.trainer("parts", try tiny.stages(routers: 1, adaptation: 1))
        let rows = trainer.parts(of: tiny.rows).joined()
        #expect(rows.first == 0 && Set(rows).count == rows.count)
        #expect(try #require(rows.last) >= tiny.rows.count * 3 / 4)
      }
    }
  }
#endif
