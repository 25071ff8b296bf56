#if Training
  import Sparrow
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Training from the random weights of a new model.
    @Suite struct PretrainingTests {
      private let tiny: TinyRun

      init() throws { tiny = try TinyRun() }

      private func start(_ seed: UInt64 = 3) throws -> String {
        let source = Fixtures.path("models/smollm2")
        let folder = tiny.folder.file("start")
        try NewModel(config: source + "/config.json", tokenizer: Checkpoint.open(source))
          .write(to: folder, seed: seed)
        return folder
      }

      private func recipe(_ change: (inout TopKRecipe) -> Void) -> any Recipe {
        var recipe = TopKRecipe()
        recipe.density = 1
        recipe.distillation = 0
        recipe.task = 1
        recipe.steps = 16
        recipe.warmUp = 2
        recipe.rate = 1e-2
        change(&recipe)
        return recipe
      }

      @Test func aDenseControlAndATopKModelLearnFromTheSameStart() throws {
        let model = try start()
        let dense = try tiny.train(recipe { _ in }, model: model, options: tiny.options("dense"))
        let sparse = try tiny.train(
          recipe {
            $0.density = 0.25
            $0.groupSize = 8
            $0.common = 0.125
            $0.layers = .odd
          }, model: model, options: tiny.options("sparse"))
        #expect(dense.result.networks == [.dense, .dense])
        #expect(sparse.result.networks == [.dense, .topK(groupSize: 8, kept: 2, common: 1)])
        // The logarithm of the vocabulary's 100 tokens: random weights know nothing.
        #expect(abs(dense.lines[0].loss - 4.6) < 0.2 && abs(sparse.lines[0].loss - 4.6) < 0.2)
        for line in [dense.lines[15], sparse.lines[15]] {
          #expect(line.loss < 3.6 && line.heldOutLoss! < 3.6)
        }
      }

      @Test func theSameSeedGivesTheSameWeights() throws {
        let first = try Checkpoint.open(start()).contentHash()
        #expect(try Checkpoint.open(start()).contentHash() == first)
        #expect(try Checkpoint.open(start(4)).contentHash() != first)
      }
    }
  }
#endif
