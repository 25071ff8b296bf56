#if Training
  import SparrowBlocks
  import SparrowCalibration
  import SparrowCore
  import SparrowFormats
  import SparrowSparsity
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Training that starts from fitted routers.
    @Suite struct RouterStartTests {
      private let run: TinyRun
      private static let model = Fixtures.path("models/smollm2")
      /// Of the tiny model: 2 layers of 64 neurons, 96 hidden.
      private static let (groups, hidden) = (8, 96)

      init() throws {
        TensorDevice.setCompiling(false)
        run = try TinyRun()
      }

      private static func plan(
        _ selector: Selector, seed: UInt64 = 1, lookahead: Bool = false, density: Float? = 0.5
      ) throws -> FeedForwardPlan {
        let weights = Tensor.normal([groups, hidden], key: .randomKey(seed)) * 3
        let maps = LinearPredictor(
          a: nil,
          b: PredictorMatrix(
            rows: groups, columns: hidden, type: .f16,
            bytes: try weights.cast(.float16).bytes()),
          bias: (0..<groups).map { 40 + Float($0) })
        return FeedForwardPlan(
          predictor: .router(maps), selector: selector, groupSize: 64 / groups,
          order: (0..<64).map { $0 * 5 % 64 }, lookahead: lookahead, density: density)
      }

      private func adapter(_ name: String, _ layers: [Int: FeedForwardPlan]) throws -> String {
        let folder = run.folder.file(name)
        try Adapter(
          baseHash: try Checkpoint.open(Self.model).contentHash(), baseName: name,
          plan: SparsePlan(networks: layers)
        ).write(to: folder)
        return folder
      }

      /// Layer 0's router as training reads it, the logits that were fitted and those that training
      /// has.
      private func read(_ selector: Selector, density: Double? = nil) throws -> (
        density: Float, fitted: [Float], logits: [Float]
      ) {
        let start = try RouterStart(
          try adapter("adapter", [0: Self.plan(selector)]), density: density)
        let tokens = try Golden("gradients-smollm2").batch().tokens
        let binding = try Golden.binding("smollm2")
        var parameters = try Parameters(binding)
        let dense = SparseTransformer(binding.configuration)
        let routers = try start.routers(dense, parameters, tokens: tokens)
        #expect(routers.names == ["layers.0.router", "layers.0.routerBias"])
        parameters = parameters.merged(with: routers)
        let sparse = SparseTransformer(
          binding.configuration, networks: [.hard(groupSize: 8, straightThrough: true), .dense])
        let notes = sparse.run(tokens, parameters).notes
        func logits(_ weights: Tensor, _ bias: Tensor) throws -> [Float] {
          try (notes[0].input!.matmul(weights.transposed) + bias).floats()
        }
        let layer = try #require(start.layers[0])
        return (
          try notes[0].density!.value(),
          try logits(
            Tensor(layer.weights, shape: [Self.groups, Self.hidden]), Tensor(layer.bias)),
          try logits(routers["layers.0.router"]!, routers["layers.0.routerBias"]!)
        )
      }

      @Test func aPartOfTheLogitsBecomesAThreshold() throws {
        #expect(try read(.topK(2)).density == 0.25)
        #expect(try read(.topK(8)).density == 1)
        #expect(try read(.topK(2), density: 0.75).density == 0.75)
      }

      @Test func thresholdsBecomeAHalf() throws {
        let (density, fitted, logits) = try read(.threshold(0.999))
        let cut = naturalLog(0.999 / 0.001)
        let selected = fitted.count { Double($0) > cut }
        #expect(density == Float(selected) / Float(fitted.count))
        #expect(zip(fitted, logits).allSatisfy { (Double($0) > cut) == ($1 > 0) })
      }

      @Test func logitsAreOfDeviationOne() throws {
        let logits = try read(.topK(4)).logits.sorted()
        // 0.317 of a normal distribution lies beyond one deviation.
        let distance = logits[Int(0.841 * 255)] - logits[Int(0.159 * 255)]
        #expect(abs(distance - 2) < 1e-3, "\(distance)")
      }

      private func recipe(_ start: String) throws -> LTERecipe {
        var recipe = LTERecipe()
        recipe.groupSize = 8
        recipe.start = try RouterStart(start)
        recipe.steps = 4
        recipe.routerShare = 0.5
        recipe.rate = 0
        return recipe
      }

      @Test func aRunTakesOrdersAndRoutersAndLeavesTheRestDense() throws {
        let start = try adapter("adapter", [1: Self.plan(.topK(4))])
        let (result, lines) = try run.train(try recipe(start))
        #expect(result.networks == [.dense, .hard(groupSize: 8, straightThrough: false)])
        #expect(result.orders == [(0..<64).map { $0 }, (0..<64).map { $0 * 5 % 64 }])
        #expect(result.parameters[ParameterName.router(0)] == nil)
        let density = try #require(lines.first?.density)
        #expect(abs(density - 0.5) < 0.1, "\(density)")
        #expect(!Files.isFile(run.folder.file("run/groups.json")))
      }

      @Test func anotherStartIsAnotherRun() throws {
        let plans = [0: try Self.plan(.topK(4)), 1: try Self.plan(.topK(4))]
        _ = try run.train(try recipe(try adapter("a", plans)))
        _ = try run.train(try recipe(try adapter("copy", plans)))
        let other = try adapter("b", [0: plans[0]!, 1: Self.plan(.topK(4), seed: 2)])
        for start in [other, try adapter("c", [0: plans[0]!, 1: Self.plan(.topK(5))])] {
          let error = #expect(throws: SparrowError.self) {
            try run.train(try recipe(start))
          }
          #expect(error?.kind == .mismatch && error?.field == "run")
        }
      }

      @Test func aRampBeginsAtTheStartsDensityAndRoutersHaveTheirRate() throws {
        var recipe = try recipe(
          try adapter("adapter", [0: Self.plan(.topK(6)), 1: Self.plan(.topK(8))]))
        recipe.targetDensity = 0.25
        recipe.steps = 100
        recipe.ramp = 0.4
        recipe.rate = 1e-4
        recipe.routerRate = 1e-3
        let stages = try recipe.stages(try Golden.binding("smollm2").configuration)
        #expect(
          stages[0].pressure
            == .controlled(
              try DensityController(target: 0.25, ramp: .init(from: 0.875, steps: 20))))
        #expect(stages[0].rateFactor(ParameterName.routerBias(0)) == 10)
        #expect(stages[0].rateFactor("layers.0.gate") == 1)
        #expect(stages[1].rate(0) == stages[0].rate(50) && stages[1].rate(0) < 1e-4)
        let model = try Golden.binding("smollm2").configuration
        for weight in [-1, Float.nan, .infinity] {
          recipe.local = weight
          #expect(throws: SparrowError.self) { try recipe.stages(model) }
          recipe.local = 0
          recipe.eta = Double(weight)
          #expect(throws: SparrowError.self) { try recipe.stages(model) }
          recipe.eta = 0.01
        }
        recipe.start = nil
        let error = #expect(throws: SparrowError.self) { try recipe.stages(model) }
        #expect(error?.field == "ramp")
      }

      @Test func refusesWhatIsNoStart() throws {
        let router = try Self.plan(.topK(4))
        var wide = router
        wide.groupSize = 16
        for (name, layers) in [
          ("none", [:]), ("exact", [0: FeedForwardPlan(predictor: .exact, selector: .topK(1))]),
          ("ahead", [0: router, 1: try Self.plan(.topK(4), lookahead: true)]),
          ("unknown", [0: try Self.plan(.threshold(0.5), density: nil)]),
          ("sizes", [0: router, 1: wide]),
        ] as [(String, [Int: FeedForwardPlan])] {
          let error = #expect(throws: SparrowError.self, "\(name)") {
            try RouterStart(try adapter(name, layers))
          }
          #expect(error?.kind == .unsupported, "\(name): \(String(describing: error))")
        }
        let start = try adapter("start", [0: router])
        #expect(throws: SparrowError.self) { try RouterStart(start, density: 1) }
        var recipe = try recipe(start)
        let error = #expect(throws: SparrowError.self) {
          try run.train(recipe, model: Fixtures.path("models/llama3"))
        }
        #expect(error?.kind == .mismatch && error?.field == "adapter")
        recipe.groupSize = 16
        #expect(throws: SparrowError.self) { try run.train(recipe) }
      }
    }
  }
#endif
