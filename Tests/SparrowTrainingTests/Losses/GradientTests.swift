#if Training
  import Sparrow
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Losses and gradients equal PyTorch's.
    @Suite struct GradientTests {
      /// Parts and gradients of `objective` for a fixture's model.
      private func gradients(
        _ name: String, _ golden: Golden, networks: [NetworkMode]? = nil,
        objective: Objective = Objective(), pressure: Float = 0, extra: Parameters = Parameters(),
        teacher: Parameters? = nil, trained: (String) -> Bool = { _ in true },
        change: (inout SparseTransformer, inout Parameters) throws -> Void = { _, _ in }
      ) throws -> (parts: [Float], gradients: Parameters, binding: WeightBinding) {
        let binding = try Golden.binding(name)
        var transformer = SparseTransformer(binding.configuration, networks: networks)
        var parameters = try Parameters(binding).merged(with: extra)
        try change(&transformer, &parameters)
        let batch = try golden.batch()
        let learning = parameters.filtered(trained)
        let (values, gradients) = try TensorFunction.valueAndGradient(
          learning.tensors, count: learning.names.count
        ) {
          let current = parameters.merged(with: Parameters(names: learning.names, tensors: $0))
          let teacherLogits = teacher.map {
            let dense = SparseTransformer(binding.configuration)
            return dense.run(batch.tokens, $0).logits
          }
          return objective.parts(
            transformer, current, batch, pressure: Tensor(pressure), teacher: teacherLogits
          ).list
        }
        return (
          try values.map { try $0.value() },
          Parameters(names: learning.names, tensors: gradients), binding
        )
      }

      @Test(arguments: ["smollm2", "qwen3", "gemma3", "opt", "gpt2", "llama3"])
      func ofTheLanguageLossInEveryFamily(name: String) throws {
        let golden = try Golden("gradients-" + name)
        let (parts, gradients, binding) = try gradients(name, golden)
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        try golden.expect(gradients, of: binding)
      }

      @Test(arguments: ["smollm2", "gemma3"])
      func areTheSameWhenLayersAreCheckpointed(name: String) throws {
        let golden = try Golden("gradients-" + name)
        let (_, gradients, binding) = try gradients(
          name, golden,
          change: { transformer, _ in
            transformer.isCheckpointed = true
          })
        try golden.expect(gradients, of: binding)
      }

      private func routers() throws -> Parameters {
        let golden = try Golden("lte-routers")
        return Parameters([
          ParameterName.router(0): try golden.tensor("router.0"),
          ParameterName.router(1): try golden.tensor("router.1"),
        ])
      }

      @Test(arguments: ["lte-soft", "lte-soft-strong"])
      func ofTheFirstStageOfLTE(name: String) throws {
        let golden = try Golden(name)
        var objective = Objective()
        objective.separation = try golden.value("lambda")
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, networks: [.soft(groupSize: 8), .soft(groupSize: 8)],
          objective: objective, pressure: try golden.value("eta"), extra: try routers())
        for (part, name) in [
          (0, "loss"), (1, "loss.task"), (3, "loss.efficiency"), (4, "loss.separation"),
          (6, "density"),
        ] {
          expectClose([parts[part]], [try golden.value(name)], name)
        }
        try golden.expect(gradients, of: binding)
        for layer in 0..<2 {
          expectClose(
            try gradients[ParameterName.router(layer)]!.floats(),
            try golden.floats("grad.router.\(layer)"), "router \(layer)")
        }
      }

      @Test(arguments: [false, true]) func ofTheSecondStageOfLTE(straightThrough: Bool) throws {
        let golden = try Golden(straightThrough ? "lte-straight-through" : "lte-hard")
        let mode = NetworkMode.hard(groupSize: 8, straightThrough: straightThrough)
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, networks: [mode, mode], extra: try routers())
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        expectClose([parts[6]], [try golden.value("density")], "density")
        try golden.expect(gradients, of: binding)
        for layer in 0..<2 where straightThrough {
          expectClose(
            try gradients[ParameterName.router(layer)]!.floats(),
            try golden.floats("grad.router.\(layer)"), "router \(layer)")
        }
      }

      /// Tasks as a run reads them: rows, what is learnt of them, and gradients of that alone.
      @Test func ofTasksByTheirAnswersAlone() throws {
        let golden = try Golden("lte-task")
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(Fixtures.path("models/smollm2"))
        let data = try TrainingData(
          TrainingText([], tasks: [Fixtures.path("training/tasks.jsonl")]),
          tokenizer: checkpoint.tokenizer(), cache: folder.file("cache"), rowLength: 16)
        let store = data.training
        let tokens = try (0..<store.count).map { try store.token(at: $0) }
        #expect(tokens.map(\.id) == (try golden.integers("stream")))
        #expect(tokens.map { $0.isLearnt ? 1 : 0 } == (try golden.integers("learnt")))
        let batch = try TokenRows(store, length: 16).batch(0..<2)
        #expect(batch.tokens == (try golden.integers("tokens")))
        #expect(batch.mask.map { $0 ? 1 : 0 } == (try golden.floats("mask")))

        let mode = NetworkMode.hard(groupSize: 8, straightThrough: true)
        let routers = Parameters([
          ParameterName.router(0): try golden.tensor("router.0"),
          ParameterName.router(1): try golden.tensor("router.1"),
        ])
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, networks: [mode, mode], extra: routers)
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        try golden.expect(gradients, of: binding)
        for layer in 0..<2 {
          expectClose(
            try gradients[ParameterName.router(layer)]!.floats(),
            try golden.floats("grad.router.\(layer)"), "router \(layer)")
        }
      }

      /// What selection loses teaches the routers, and nothing else: neurons and down are constants
      /// there.
      @Test(arguments: [false, true]) func ofWhatSelectionLoses(isCheckpointed: Bool) throws {
        let golden = try Golden("lte-local")
        let mode = NetworkMode.hard(groupSize: 8, straightThrough: true)
        var objective = Objective()
        objective.local = try golden.value("strength")
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, networks: [mode, mode], objective: objective, extra: try routers(),
          change: { transformer, _ in transformer.isCheckpointed = isCheckpointed })
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        expectClose([parts[8]], [try golden.value("loss.local")], "local")
        try golden.expect(gradients, of: binding)
        for layer in 0..<2 {
          expectClose(
            try gradients[ParameterName.router(layer)]!.floats(),
            try golden.floats("grad.router.\(layer)"), "router \(layer)")
        }
      }

      @Test(arguments: [
        ("topk-layer1", [NetworkMode.dense, .topK(groupSize: 8, kept: 3, common: 0)]),
        (
          "topk-neurons",
          [.topK(groupSize: 1, kept: 21, common: 0), .topK(groupSize: 1, kept: 21, common: 0)]
        ),
      ]) func ofTopK(name: String, networks: [NetworkMode]) throws {
        let golden = try Golden(name)
        let (parts, gradients, binding) = try gradients("smollm2", golden, networks: networks)
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        try golden.expect(gradients, of: binding)
      }

      @Test func ofLearntSketches() throws {
        let golden = try Golden("topk-sketch")
        var maps: [String: Tensor] = [:]
        for layer in 0..<2 {
          maps[ParameterName.sketchDown(layer)] = try golden.tensor("A.\(layer)")
          maps[ParameterName.sketchUp(layer)] = try golden.tensor("B.\(layer)")
        }
        let mode = NetworkMode.topK(groupSize: 8, kept: 3, common: 0)
        for isCheckpointed in [false, true] {
          let (parts, gradients, binding) = try gradients(
            "smollm2", golden, networks: [mode, mode], extra: Parameters(maps),
            change: { transformer, _ in transformer.isCheckpointed = isCheckpointed })
          expectClose([parts[0]], [try golden.value("loss")], "loss")
          expectClose([parts[9]], [try golden.value("loss.sketch")], "sketch")
          #expect((0...1).contains(parts[7]))
          try golden.expect(gradients, of: binding)
          for name in maps.keys {
            let key = name.hasSuffix("A") ? "A" : "B"
            expectClose(
              try gradients[name]!.floats(),
              try golden.floats("grad.\(key).\(name.contains("layers.0") ? 0 : 1)"), name)
          }
        }
      }

      @Test func ofDistillation() throws {
        let golden = try Golden("distill")
        let dense = try Parameters(try Golden.binding("smollm2"))
        var objective = Objective()
        objective.task = 0.1
        objective.distillation = 1
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, objective: objective, teacher: dense,
          change: { _, parameters in
            for name in parameters.names {
              let tensor = parameters[name]!
              let values = try tensor.floats()
              parameters[name] = Tensor(
                zip(values, values.reversed()).map { 0.875 * $0 + 0.125 * $1 }, shape: tensor.shape)
            }
          })
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        expectClose([parts[2]], [try golden.value("loss.divergence")], "divergence")
        try golden.expect(gradients, of: binding)
      }

      @Test func ofTheReLUPenalty() throws {
        let golden = try Golden("relu-l1")
        let (parts, gradients, binding) = try gradients(
          "smollm2", golden, pressure: try golden.value("lambda"),
          change: { transformer, _ in
            transformer = SparseTransformer(
              ReLURecipe().configuration(transformer.configuration))
          })
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        expectClose([parts[5]], [try golden.value("loss.l1")], "activity")
        try golden.expect(gradients, of: binding)
      }

      @Test func ofLoRA() throws {
        let golden = try Golden("lora")
        let binding = try Golden.binding("smollm2")
        var factors: [String: Tensor] = [:]
        for role in binding.roles {
          let name = try #require(binding[role]).entry.name
          guard golden.has("A." + name) else { continue }
          factors[ParameterName.down(role.parameterName)] = try golden.tensor("A." + name)
          factors[ParameterName.up(role.parameterName)] = try golden.tensor("B." + name)
        }
        #expect(factors.count == 20)
        let (parts, gradients, _) = try gradients(
          "smollm2", golden, extra: Parameters(factors), trained: { factors[$0] != nil },
          change: { transformer, _ in transformer.loraScale = 2 })
        expectClose([parts[0]], [try golden.value("loss")], "loss")
        for role in binding.roles {
          let name = try #require(binding[role]).entry.name
          guard golden.has("A." + name) else { continue }
          for (part, key) in [
            ("A.", ParameterName.down(role.parameterName)),
            ("B.", ParameterName.up(role.parameterName)),
          ] {
            let gradient = gradients[key]!
            try golden.expectSums(try gradient.floats(), gradient.shape, part + name)
          }
        }
      }
    }
  }
#endif
