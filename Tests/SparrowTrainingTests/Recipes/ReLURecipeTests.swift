#if Training
  import SparrowCore
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct ReLURecipeTests {
      private func train(
        _ change: (inout ReLURecipe) -> Void
      ) throws -> (result: TrainedModel, lines: [TrainingStep]) {
        var recipe = ReLURecipe()
        recipe.steps = 16
        recipe.warmUp = 2
        recipe.rate = 2e-3
        recipe.task = 0
        change(&recipe)
        return try TinyRun().train(recipe)
      }

      @Test func theSquareLearnsFromTheDenseSelf() throws {
        let (result, lines) = try train { $0.kind = .relu2 }
        #expect(
          result.configuration.layers.allSatisfy { $0.feedForward.activation == .reluSquared })
        let divergences = lines.map { line in
          line.parts.first { $0.name == "divergence" }?.value ?? .nan
        }
        #expect(divergences[15] < 0.7 * divergences[0])
        let density = try #require(lines.last?.density)
        #expect(density > 0.2 && density < 0.8)
        #expect(lines.last?.heldOutLoss != nil)
      }

      @Test func aPenaltyThatRisesLowersTheDensity() throws {
        let free = try train { _ in }
        let pressed = try train { $0.penalty = 100 }
        #expect(free.result.configuration.layers[1].feedForward.activation == .relu)
        #expect(free.lines[15].eta == nil)
        #expect(pressed.lines[0].eta == nil)
        #expect(pressed.lines[3].eta! < pressed.lines[7].eta!)
        #expect(pressed.lines[15].eta == 100)
        #expect(pressed.lines[15].density! < 0.9 * free.lines[15].density!)
      }

      @Test func aPenaltyBelowZeroIsRefused() throws {
        #expect(throws: SparrowError.self) { try train { $0.penalty = -1 } }
      }
    }
  }
#endif
