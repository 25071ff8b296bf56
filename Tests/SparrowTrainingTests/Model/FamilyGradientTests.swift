#if Training
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Of every family that the step program knows, beside those that PyTorch's goldens cover.
    @Suite struct FamilyGradientTests {
      /// The loss along a random direction of all parameters has the slope that gradients say.
      @Test(arguments: Fixtures.models) func gradientsAreTheSlopesOfTheLoss(name: String) throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding(name)
        let parameters = try Parameters(binding)
        let model = SparseTransformer(binding.configuration)
        let tokens = Array(try Fixtures.expected(name).tokens.prefix(17))
        let batch = Objective.Batch(
          tokens: Tensor(integers: Array(tokens.dropLast()), shape: [1, 16]),
          targets: Tensor(integers: Array(tokens.dropFirst()), shape: [1, 16]),
          mask: Tensor.full([1, 16], 1))
        func loss(_ tensors: [Tensor]) -> Tensor {
          let own = Parameters(names: parameters.names, tensors: tensors)
          return LanguageLoss.crossEntropy(model.run(batch.tokens, own).logits, batch)
        }
        let gradients = try TensorFunction.valueAndGradient(
          parameters.tensors, count: parameters.names.count
        ) { [loss($0)] }.gradients
        let length = try AdamW.norm(Parameters(names: parameters.names, tensors: gradients)).value()
        for seed in UInt64(0)..<3 {
          let directions = zip(parameters.tensors, UInt64(0)...).map { tensor, index in
            Tensor.normal(tensor.shape, key: .randomKey(1000 * seed + index))
          }
          func value(at step: Float) throws -> Float {
            try loss(zip(parameters.tensors, directions).map { $0 + $1 * step }).value()
          }
          // Short, since ReLU's corners lie close.
          let step: Float = 1e-4
          let near = try value(at: step) - value(at: -step)
          let far = try value(at: 2 * step) - value(at: -2 * step)
          let slope = (8 * near - far) / (12 * step)
          let told = try zip(gradients, directions).reduce(Tensor(0)) { $0 + ($1.0 * $1.1).sum() }
            .value()
          #expect(abs(slope - told) < 0.03 * length, "\(slope), not \(told) of \(length)")
        }
      }
    }
  }
#endif
