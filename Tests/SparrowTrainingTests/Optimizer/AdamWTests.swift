#if Training
  import SparrowFormats
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct AdamWTests {
      init() { TensorDevice.setCompiling(false) }

      /// Ten steps on one batch: losses and norms on the way, parameters at the end.
      @Test(arguments: [("adamw", "llama3", Float(1e-8)), ("adamw-tied", "smollm2", 1e-5)])
      func stepsEqualPyTorchs(name: String, model: String, epsilon: Float) throws {
        let golden = try Golden(name)
        let binding = try Golden.binding(model)
        var optimizer = AdamW()
        optimizer.epsilon = epsilon
        optimizer.weightDecay = 0.1
        let parameters = try Parameters(binding)
        let functions = StepFunctions(
          model: SparseTransformer(binding.configuration), objective: Objective(),
          names: parameters.names, frozen: Parameters(), teacher: nil, optimizer: optimizer)
        let moments = optimizer.start(parameters)
        var state = TrainingState(
          parameters: parameters, first: moments.first, second: moments.second,
          resting: Parameters())
        let batch = try golden.batch()
        var losses: [Float] = []
        var norms: [Float] = []
        for rate in try golden.floats("rates") {
          let (parts, gradients) = functions.gradients(state.parameters, batch, pressure: 0)
          let norm = try #require(
            functions.step(&state, gradients: gradients, rate: Double(rate)))
          losses.append(try parts[0].value())
          norms.append(try norm.value())
          state.stageStep += 1
        }
        expectClose(losses, try golden.floats("losses"), "losses")
        expectClose(norms, try golden.floats("norms"), "norms")
        try expect(state.parameters, golden, binding)
      }

      @Test func aParameterOfAnotherRateStepsAsByAnOptimiserOfItsOwn() throws {
        var optimizer = AdamW()
        optimizer.weightDecay = 0.1
        func parameters(_ seed: UInt64) -> Parameters {
          Parameters([
            "model": .normal([3, 4], key: .randomKey(seed)),
            "router": .normal([2, 4], key: .randomKey(seed + 1)),
          ])
        }
        let start = optimizer.start(parameters(1))
        var state = (parameters: parameters(1), first: start.first, second: start.second)
        var alone = ["model": state, "router": state]
        for step in 1...3 {
          let gradients = parameters(UInt64(10 * step))
          func next(
            _ state: (parameters: Parameters, first: Parameters, second: Parameters), _ rate: Float,
            factor: (String) -> Float = { _ in 1 }
          ) -> (parameters: Parameters, first: Parameters, second: Parameters) {
            optimizer.update(
              state.parameters, gradients, first: state.first, second: state.second,
              norm: AdamW.norm(gradients), rate: Tensor(rate), factor: factor,
              step: Tensor(Float(step)))
          }
          state = next(state, 1e-2) { $0 == "router" ? 4 : 1 }
          alone["model"] = next(alone["model"]!, 1e-2)
          alone["router"] = next(alone["router"]!, 4e-2)
        }
        for name in ["model", "router"] {
          expectClose(
            try state.parameters[name]!.floats(),
            try alone[name]!.parameters[name]!.floats(), name, within: 1e-6)
        }
      }

      /// Expects the parameters that the file holds, whole or as sums.
      private func expect(
        _ parameters: Parameters, _ golden: Golden, _ binding: WeightBinding
      ) throws {
        var seen = 0
        for role in binding.roles {
          let name = "after." + (try #require(binding[role]).entry.name)
          guard let found = parameters[role.parameterName] else { continue }
          if golden.has(name) {
            expectClose(try found.floats(), try golden.floats(name), name)
          } else if golden.has("rows." + name) {
            try golden.expectSums(try found.floats(), found.shape, name)
          } else {
            continue
          }
          seen += 1
        }
        #expect(seen == 4)
      }
    }
  }
#endif
