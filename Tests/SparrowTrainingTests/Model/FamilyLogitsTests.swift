#if Training
  import SparrowCore
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// The trainer's model is transformers', or the family is refused by name.
    @Suite struct FamilyLogitsTests {
      private static let refused: Set = ["gemma4", "phi3-long", "qwen3.5"]

      @Test(arguments: Fixtures.models) func logitsEqualHuggingFace(name: String) throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding(name)
        guard !Self.refused.contains(name) else {
          let error = #expect(throws: SparrowError.self) {
            try binding.configuration.requireTrainable(file: name)
          }
          #expect(error?.field == "training")
          return
        }
        try binding.configuration.requireTrainable(file: name)
        let expected = try Fixtures.expected(name)
        let parameters = try Parameters(binding)
        let model = SparseTransformer(binding.configuration)
        let row = Tensor(integers: expected.tokens, shape: [1, expected.tokens.count])
        let found = try model.logits(model.hidden(row, parameters).states, parameters).floats()
        let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == expected.logits.count && worst < 1e-3, "worst difference \(worst)")
      }
    }
  }
#endif
