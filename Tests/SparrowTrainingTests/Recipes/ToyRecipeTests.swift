#if Training
  import SparrowCore
  import SparrowFormats
  import SparrowSparsity
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  /// A recipe of its own, in one file: the first layer's network learns to do with some of its
  /// neurons, which are the same for every token, while all else rests.
  private struct FixedNeurons: Recipe {
    static let name = "fixed neurons"

    var kept = 16
    var steps = 12

    func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      var networks = model.layers.map { _ in NetworkMode.dense }
      networks[0] = .topK(groupSize: 8, kept: 1, common: kept / 8)
      return [
        TrainingStage(
          name: "fixed", steps: steps, networks: networks, objective: Objective(distillation: 1),
          rate: try LearningRate(peak: 1e-2, warmUp: 2), learns: { $0.hasPrefix("layers.0.") })
      ]
    }

    /// The largest columns of down come first.
    func prepare(
      _ start: inout TrainingStart, progress: Progress
    ) throws(SparrowError) {
      let down = start.parameters[WeightRole(.down, layer: 0).parameterName]!
      let lengths = try down.squared.sum(0).floats()
      let order = lengths.indices.sorted { lengths[$0] > lengths[$1] }.map(Int32.init)
      start.parameters.permute(0, order: order)
    }

    func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter? {
      var adapter = Adapter(for: base)
      adapter.plan.networks[0] = FeedForwardPlan(
        predictor: .exact, selector: .topK(1), groupSize: 8, kept: .topK(1),
        common: (0..<Int32(kept / 8)).map { $0 })
      return adapter
    }
  }

  extension MLXTests {
    @Suite struct ToyRecipeTests {
      @Test func aRecipeOfOneFileTrainsResumesAndIsWritten() throws {
        let tiny = try TinyRun()
        let recipe = FixedNeurons()
        let (trained, lines) = try tiny.train(recipe)
        #expect(lines.count == 12 && lines.last!.loss < 0.7 * lines[0].loss)
        let run = try TrainingRun(
          model: Fixtures.path("models/smollm2"), recipe: recipe, options: tiny.options())
        let written = try run.write(trained, progress: .none)
        let adapter = try Adapter.read(try #require(written.adapter))
        #expect(adapter.plan.networks[0]?.common == [0, 1])
        #expect(adapter.baseHash == (try Checkpoint.open(written.model!)).contentHash())
        // What is done stays done, and another recipe is another run.
        #expect(try tiny.train(recipe).lines.isEmpty)
        let error = #expect(throws: SparrowError.self) { try tiny.train(FixedNeurons(kept: 24)) }
        #expect(error?.kind == .mismatch && error?.field == "run")
      }
    }
  }
#endif
