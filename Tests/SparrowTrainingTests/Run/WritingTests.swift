#if Training
  import Sparrow
  import SparrowCPU
  import SparrowCore
  import SparrowEngine
  import SparrowFormats
  import SparrowSparsity
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// What training writes is what decoding runs.
    @Suite struct WritingTests {
      private static let tokens: [Int32] = [1, 7, 42, 3, 99, 12, 56, 8]
      private static let size = 8

      /// A trained model's stand-in: the fixture in another order, with routers whose scores lie
      /// far from 0.5.
      private func trained(
        _ run: TrainingRun, rank: Int
      ) throws -> (result: TrainedModel, logits: [Float]) {
        let configuration = run.configuration
        // A written model is rounded; the base of updates stays as it is.
        var parameters = try Parameters(run.binding).mapped {
          rank > 0 ? $1 : $1.cast(.bfloat16).cast(.float32)
        }
        var orders: [[Int32]] = []
        for (layer, description) in configuration.layers.enumerated() {
          let width = description.feedForward.width
          let order = (0..<width).map { Int32($0 * 5 % width) }
          parameters.permute(layer, order: order)
          orders.append(order)
          let groups = width / Self.size
          let router = Tensor.normal(
            [groups, configuration.hidden], key: .randomKey(UInt64(layer)))
          parameters[ParameterName.router(layer)] = (router * 20).cast(.float16).cast(.float32)
          parameters[ParameterName.routerBias(layer)] = Tensor.zeros([groups])
        }
        if rank > 0 {
          let factors = LoRA.start(
            parameters, layers: configuration.layers.count, rank: rank, seed: 3)
          parameters = parameters.merged(
            with: factors.mapped { name, tensor in
              let noise = Tensor.normal(tensor.shape, key: .randomKey(UInt64(name.count)))
              return (noise * 0.2).cast(.float16).cast(.float32)
            })
        }
        let networks = configuration.layers.map { _ in
          NetworkMode.hard(groupSize: Self.size, straightThrough: false)
        }
        let model = SparseTransformer(configuration, networks: networks)
        let input = Tensor(integers: Self.tokens, shape: [1, Self.tokens.count])
        let logits = model.run(input, parameters).logits
        return (
          TrainedModel(
            configuration: configuration, parameters: parameters, orders: orders,
            networks: networks, heldOut: nil), try logits.floats()
        )
      }

      private func decoded(_ path: String, adapter: String) throws -> [Float] {
        let model = try Model.load(path, options: LoadOptions(threads: 1, adapter: adapter))
        let sequence = try model.backend.sequence(capacity: 32, type: .f32)
        var all: [Float] = []
        for token in Self.tokens {
          model.backend.step(.decode([token], of: [sequence]))
          all += model.backend.logits(rows: 0..<1)
        }
        return all
      }

      @Test(arguments: ["llama3", "gemma4", "qwen3.5"], [0, 4])
      func decodesTheSame(name: String, rank: Int) throws {
        TensorDevice.setCompiling(false)
        let tiny = try TinyRun()
        let options = tiny.options()
        var recipe = LTERecipe()
        recipe.groupSize = Self.size
        recipe.loraRank = rank
        let path = try tiny.model(name)
        let run = try TrainingRun(model: path, recipe: recipe, options: options)
        let (result, wanted) = try trained(run, rank: rank)
        let written = try run.write(result, progress: .none)
        #expect((written.model == nil) == (rank > 0))
        let found = try decoded(
          written.model ?? path, adapter: try #require(written.adapter))
        try expectSame(found, wanted)
      }

      private func expectSame(_ found: [Float], _ wanted: [Float]) throws {
        let scale = try #require(wanted.map(abs).max())
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 2e-3 * scale, "\(worst) of \(scale)")
      }

      /// A sketch of full rank finds what the oracle does.
      @Test(arguments: [0, 32]) func decodesTopK(sketchRank: Int) throws {
        TensorDevice.setCompiling(false)
        let folder = try TemporaryFolder()
        var options = TrainingOptions()
        options.output = folder.path
        var recipe = TopKRecipe()
        recipe.groupSize = Self.size
        recipe.common = 0.13
        recipe.layers = .odd
        recipe.sketchRank = sketchRank
        recipe.candidates = 1.5
        let run = try TrainingRun(
          model: Fixtures.path("models/llama3"), recipe: recipe, options: options)
        let configuration = run.configuration
        let networks = try recipe.networks(configuration)
        var start = TrainingStart(
          configuration: configuration, base: "", options: options, tokens: Tensor(0),
          parameters: try Parameters(run.binding).mapped { $1.cast(.bfloat16).cast(.float32) })
        try recipe.prepare(&start, progress: .none)
        let parameters = start.parameters
        let model = SparseTransformer(configuration, networks: networks)
        let input = Tensor(integers: Self.tokens, shape: [1, Self.tokens.count])
        let logits = model.run(input, parameters).logits
        let written = try run.write(
          TrainedModel(
            configuration: configuration, parameters: parameters, orders: [], networks: networks,
            heldOut: nil), progress: .none)
        let path = try #require(written.adapter)
        let plans = try Adapter.read(path).plan.networks
        #expect(plans.keys.sorted() == networks.indices.filter { $0 % 2 == 1 })
        #expect(plans[1]?.common == [0] && plans[1]?.groupSize == Self.size)
        #expect(plans[1]?.kept == .topK(2))
        #expect(plans[1]?.predictorName == (sketchRank > 0 ? "sketch" : "exact"))
        #expect(plans[1]?.selector == .topK(sketchRank > 0 ? 3 : 2))
        try expectSame(
          decoded(try #require(written.model), adapter: path), logits.floats())
      }
    }
  }
#endif
