#if Training
  import SparrowCore
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Whole runs: a tiny model learns its text, then to do with few of its neurons.
    @Suite struct SparseRecipeTests {
      private let tiny: TinyTrainer
      private let dense: (parameters: Parameters, lines: [TrainingStep])

      init() throws {
        var tiny = try TinyTrainer()
        tiny.options.reportEvery = 10
        dense = try tiny.trained(
          "dense",
          [
            TrainingStage(
              name: "dense", steps: 150, networks: [.dense, .dense], objective: Objective(),
              rate: try LearningRate(
                peak: 1e-2, warmUp: 5, decay: .cosine(steps: 150, floor: 0.05)))
          ], tiny.parameters, teacher: nil)
        self.tiny = tiny
      }

      private func heldOutLoss(_ lines: [TrainingStep]) throws -> Double {
        try #require(lines.last?.heldOutLoss)
      }

      @Test func routersReachTheirDensity() throws {
        let target = 0.5
        var recipe = LTERecipe()
        recipe.groupSize = TinyTrainer.groupSize
        recipe.targetDensity = target
        recipe.steps = 200
        recipe.rate = 3e-3
        recipe.warmUp = 10
        var start = tiny.start(dense.parameters)
        try recipe.prepare(&start, progress: .none)
        let lines = try tiny.trained(
          "lte", recipe.stages(tiny.configuration), start.parameters, teacher: dense.parameters
        ).lines
        let density = try #require(
          lines.last?.parts.first { $0.name == "held_out_density" }?.value)
        #expect(abs(density - target) < 0.05, "\(density)")
        let (loss, whole) = (try heldOutLoss(lines), try heldOutLoss(dense.lines))
        #expect(loss < whole + 0.05, "\(loss), dense \(whole)")
      }

      @Test func aModelLearnsToDoWithItsLargestNeurons() throws {
        var tiny = tiny
        tiny.options.reportEvery = 1
        var recipe = TopKRecipe()
        recipe.density = 0.1
        recipe.sketchRank = 32
        recipe.rate = 3e-3
        recipe.warmUp = 5
        recipe.steps = 60
        #expect(
          try recipe.networks(tiny.configuration).allSatisfy {
            $0 == .topK(groupSize: 1, kept: 6, common: 0)
          })
        var start = tiny.start(dense.parameters)
        try recipe.prepare(&start, progress: .none)
        // Of full rank sketches start without an error.
        let parameters = start.parameters.mapped { name, tensor in
          guard ParameterName.isSketch(name) else { return tensor }
          return tensor + Tensor.normal(tensor.shape, key: .randomKey(5)) * 0.3
        }
        let lines = try tiny.trained(
          "top-k", recipe.stages(tiny.configuration), parameters,
          teacher: dense.parameters
        ).lines
        let (loss, whole) = (try heldOutLoss(lines), try heldOutLoss(dense.lines))
        #expect(loss < whole + 0.05, "\(loss), dense \(whole)")
        func values(_ name: String) -> [Double] {
          lines.map { line in line.parts.first { $0.name == name }?.value ?? .nan }
        }
        let divergences = values("divergence")
        #expect(divergences[59] < 0.5 * divergences[0], "\(divergences)")
        let (errors, recalls) = (values("sketch"), values("recall"))
        #expect(errors[59] < 0.7 * errors[0], "\(errors)")
        #expect(recalls[59] > recalls[0], "\(recalls)")
      }
    }
  }
#endif
