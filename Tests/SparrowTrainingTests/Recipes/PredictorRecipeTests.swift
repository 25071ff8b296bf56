#if Training
  import Sparrow
  import SparrowCalibration
  import SparrowCore
  import SparrowSparsity
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct PredictorRecipeTests {
      private func train(
        _ name: String = "smollm2", isReLU: Bool = false,
        _ change: (inout PredictorRecipe) -> Void = { _ in }
      ) throws -> (lines: [TrainingStep], made: PredictorRecipe.Measured, model: Model) {
        var recipe = PredictorRecipe()
        recipe.rank = 32
        recipe.steps = 20
        recipe.warmUp = 2
        recipe.rate = 2e-2
        change(&recipe)
        let tiny = try TinyRun()
        TensorDevice.setCompiling(false)
        var options = tiny.options()
        options.trainer.optimizer = PredictorRecipe.optimizer(weightDecay: 0.01)
        let path = isReLU ? try tiny.reluModel() : Fixtures.path("models/" + name)
        let run = try TrainingRun(model: path, recipe: recipe, options: options)
        var lines: [TrainingStep] = []
        let result = try run.run(
          progress: .none, report: { line, _ in lines.append(line) },
          shouldStop: { false })
        let model = try Model.load(path, options: LoadOptions(threads: 1))
        let made = try recipe.measured(result, beside: model, progress: .none)
        return (lines, made, model)
      }

      @Test(arguments: [false, true]) func tellWhatFiresInReLUNetworks(lookahead: Bool) throws {
        let (lines, made, model) = try train(isReLU: true) {
          $0.lookahead = lookahead
          $0.recall = 0.95
        }
        #expect(lines.last!.loss < 0.8 * lines[0].loss)
        #expect(lines.last!.parts.contains { $0.name == "recall" && $0.value > 0.7 })
        let choice = try #require(made.networks)
        #expect(choice.layers.count == model.configuration.layers.count)
        #expect(choice.layers[1]!.lookahead == lookahead && !choice.layers[0]!.lookahead)
        for report in choice.reports {
          #expect(report.recall >= 0.95 && report.density < 0.9)
        }
        try made.adapter.check(model.binding, file: "adapter")
        try model.install(SparsePlan(networks: choice.layers))
      }

      @Test func tellTheLargestOfSmoothNetworks() throws {
        let (lines, made, model) = try train { $0.density = 0.25 }
        #expect(lines.last!.loss < 0.9 * lines[0].loss)
        for (layer, plan) in made.adapter.plan.networks {
          #expect(plan.selector == .topK(16))
          #expect(made.networks!.reports[layer].recall > 0.4)
        }
        try made.adapter.check(model.binding, file: "adapter")
      }

      @Test func aLowRankHeadBecomesASketch() throws {
        let (lines, made, model) = try train { $0.part = .head }
        #expect(lines.last!.loss < 0.8 * lines[0].loss)
        let head = try #require(made.adapter.plan.head)
        #expect(head.sketch.rows?.directions == 32)
        #expect(made.head!.positions > 100)
        try made.adapter.check(model.binding, file: "adapter")
      }

      @Test(arguments: [false, true]) func tellWhichHeadsAddMost(lookahead: Bool) throws {
        let (lines, made, model) = try train("gpt2") {
          $0.part = .attention
          $0.lookahead = lookahead
        }
        #expect(lines.last!.loss < 0.95 * lines[0].loss)
        let choice = try #require(made.attention)
        #expect(choice.reports.count == model.configuration.layers.count)
        for report in choice.reports { #expect(report.recall > report.density) }
        for (layer, plan) in choice.layers {
          #expect(plan.predictorName == "router" && plan.lookahead == (lookahead && layer > 0))
        }
        try made.adapter.check(model.binding, file: "adapter")
      }

      @Test func headLengthsAreThoseOfTheOutput() throws {
        let binding = try Golden.binding("llama3")
        let parameters = try Parameters(binding)
        let model = SparseTransformer(binding.configuration)
        let (_, _, notes) = model.run(
          Tensor(integers: [5, 9, 40, 7], shape: [1, 4]), parameters)
        let lengths = PredictionLabels(binding.configuration, parameters)
          .headLengths(1, notes[1])
        let attention = binding.configuration.layers[1].attention
        let width = attention.heads / attention.keyValueHeads * attention.headDimension
        let output = parameters["layers.1.output"]!
        for group in 0..<attention.keyValueHeads {
          let columns = group * width..<(group + 1) * width
          let part = notes[1].heads!.slice(-1, columns)
            .matmul(output.slice(1, columns).transposed)
          expectClose(
            try lengths.slice(-1, group..<group + 1).floats(),
            try part.squared.sum(-1).squareRoot.floats(), "group \(group)")
        }
      }

      @Test func ranksThatDoNotFillBlocksAreRefused() throws {
        #expect(throws: SparrowError.self) { try train { $0.rank = 20 } }
      }
    }
  }
#endif
