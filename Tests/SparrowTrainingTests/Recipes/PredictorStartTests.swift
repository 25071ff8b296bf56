#if Training
  import Sparrow
  import SparrowBlocks
  import SparrowCalibration
  import SparrowCore
  import SparrowFormats
  import SparrowSparsity
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Training that starts from fitted predictors.
    @Suite struct PredictorStartTests {
      private let run: TinyRun
      /// A tiny model: 2 layers of 64 neurons, 96 hidden.
      private let path: String

      init() throws {
        TensorDevice.setCompiling(false)
        run = try TinyRun()
        path = try run.reluModel()
      }

      private func adapter(
        _ name: String, layers: [Int: FeedForwardPlan] = [:],
        attention: [Int: AttentionPlan] = [:], model: String? = nil
      ) throws -> String {
        let folder = run.folder.file(name)
        try Adapter(
          baseHash: try Checkpoint.open(model ?? path).contentHash(), baseName: name,
          plan: SparsePlan(networks: layers, attention: attention)
        ).write(to: folder)
        return folder
      }

      /// Random maps of any form; one to logits without a rank.
      private static func maps(
        rank: Int? = 32, outputs: Int = 64, hidden: Int = 96, seed: UInt64 = 1
      ) throws -> LinearPredictor {
        func matrix(_ rows: Int, _ columns: Int) throws -> PredictorMatrix {
          let values = Tensor.normal([rows, columns], key: .randomKey(seed &+ UInt64(rows)))
          return PredictorMatrix(
            rows: rows, columns: columns, type: .f16, bytes: try values.cast(.float16).bytes())
        }
        return LinearPredictor(
          a: try rank.map { try matrix($0, hidden) }, b: try matrix(outputs, rank ?? hidden),
          bias: (0..<outputs).map { Float($0) / 10 })
      }

      private static func plan(
        rank: Int = 32, lookahead: Bool = false, seed: UInt64 = 1
      ) throws -> FeedForwardPlan {
        FeedForwardPlan(
          predictor: .lowRank(try maps(rank: rank, seed: seed)), selector: .topK(32),
          lookahead: lookahead)
      }

      private func train(
        _ start: String, model: String? = nil, _ change: (inout PredictorRecipe) -> Void = { _ in }
      ) throws -> (made: PredictorRecipe.Measured, lines: [TrainingStep]) {
        var recipe = PredictorRecipe()
        recipe.rank = 32
        recipe.recall = 0.95
        recipe.steps = 1
        recipe.rate = 0
        change(&recipe)
        recipe.start = try PredictorStart(start, part: recipe.part)
        let training = try TrainingRun(
          model: model ?? path, recipe: recipe,
          options: run.options("run \(recipe.rate)"))
        var lines: [TrainingStep] = []
        let result = try training.run(
          progress: .none, report: { line, _ in lines.append(line) },
          shouldStop: { false })
        let loaded = try Model.load(model ?? path, options: LoadOptions(threads: 1))
        return (
          try recipe.measured(result, beside: loaded, progress: .none), lines
        )
      }

      private func fitted(lookahead: Bool = false) throws -> [Int: FeedForwardPlan] {
        var options = FeedForwardCalibration.Options()
        options.method = .lowRank
        options.rank = 32
        options.tokens = 1000
        options.window = 32
        options.lookahead = lookahead
        let text = String(decoding: try Files.read(run.text), as: UTF8.self)
        return try FeedForwardCalibration.fit(
          model: try Model.load(path, options: LoadOptions(threads: 1)),
          text: String(repeating: text, count: 3), options: options
        ).layers
      }

      @Test(arguments: [false, true]) func withoutARateItSelectsWhatTheStartDoes(
        lookahead: Bool
      ) throws {
        let plans = try fitted(lookahead: lookahead)
        let made = try train(adapter("fitted", layers: plans)) { $0.lookahead = lookahead }.made
        for (layer, plan) in plans {
          let (old, new) = (
            try #require(plan.maps), try #require(made.adapter.plan.networks[layer]?.maps)
          )
          #expect(new.a == old.a)
          #expect(new.b.values == old.b.values.map { 4 * $0 })
          #expect(new.bias == old.bias.map { 4 * $0 })
          #expect(made.adapter.plan.networks[layer]?.lookahead == plan.lookahead)
        }
      }

      @Test func learningFindsAsMuchAmongFewer() throws {
        let start = try adapter("fitted", layers: try fitted())
        let still = try train(start)
        let learnt = try train(start) {
          $0.steps = 20
          $0.rate = 4e-3
        }
        #expect(learnt.lines.last!.loss < 0.9 * still.lines[0].loss)
        for (own, first) in zip(learnt.made.networks!.reports, still.made.networks!.reports) {
          #expect(own.recall >= 0.95 && own.density < first.density, "\(own), from \(first)")
        }
      }

      @Test func headsStartToo() throws {
        let model = Fixtures.path("models/gpt2")
        let binding = try Golden.binding("gpt2")
        let groups = binding.configuration.layers[0].attention.keyValueHeads
        let maps = try Self.maps(outputs: groups, hidden: binding.configuration.hidden)
        var plans: [Int: AttentionPlan] = [:]
        for layer in binding.configuration.layers.indices {
          plans[layer] = AttentionPlan(predictor: .lowRank(maps), selector: .topK(1))
        }
        let start = try adapter("heads", attention: plans, model: model)
        let made = try train(start, model: model) { $0.part = .attention }.made
        #expect(made.attention?.reports.count == plans.count)
        // One map cannot become two.
        plans[0]!.predictor = .router(
          try Self.maps(rank: nil, outputs: groups, hidden: binding.configuration.hidden))
        let error = #expect(throws: SparrowError.self) {
          try PredictorStart(
            try adapter("map", attention: plans, model: model), part: .attention)
        }
        #expect(error?.kind == .unsupported && error?.found == "router")
      }

      @Test func anotherStartIsAnotherRun() throws {
        let plan = try Self.plan()
        _ = try train(adapter("a", layers: [0: plan, 1: plan]))
        _ = try train(adapter("copy", layers: [0: plan, 1: plan]))
        let error = #expect(throws: SparrowError.self) {
          try train(adapter("b", layers: [0: plan, 1: Self.plan(seed: 2)]))
        }
        #expect(error?.kind == .mismatch && error?.field == "run")
      }

      @Test func refusesWhatIsNoStart() throws {
        let plan = try Self.plan()
        var groups = plan
        groups.predictor = .lowRank(try Self.maps(outputs: 8))
        groups.groupSize = 8
        groups.selector = .topK(4)
        for (name, layers, kind) in [
          ("none", [:], .unsupported), ("missing", [0: plan], .unsupported),
          (
            "exact", [0: plan, 1: FeedForwardPlan(predictor: .exact, selector: .topK(1))],
            .unsupported
          ),
          ("groups", [0: plan, 1: groups], .unsupported),
          ("rank", [0: plan, 1: try Self.plan(rank: 64)], .argument),
          ("ahead", [0: plan, 1: try Self.plan(lookahead: true)], .argument),
        ] as [(String, [Int: FeedForwardPlan], SparrowError.Kind)] {
          let error = #expect(throws: SparrowError.self, "\(name)") {
            try train(adapter(name, layers: layers))
          }
          #expect(error?.kind == kind, "\(name): \(String(describing: error))")
        }
        let start = try adapter("start", layers: [0: plan, 1: plan])
        let error = #expect(throws: SparrowError.self) {
          try train(start, model: Fixtures.path("models/llama3"))
        }
        #expect(error?.kind == .mismatch && error?.field == "adapter")
        #expect(throws: SparrowError.self) { try PredictorStart(start, part: .attention) }
        #expect(throws: SparrowError.self) { try PredictorStart(start, part: .head) }
      }
    }
  }
#endif
