#if Training
  import SparrowCore
  import SparrowReference
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Of every family that the step program knows.
    @Suite struct FamilyLogitsTests {
      @Test(arguments: Fixtures.models) func logitsEqualTransformersAndTheReference(
        name: String
      ) throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding(name)
        let expected = try Fixtures.expected(name)
        let parameters = try Parameters(binding)
        let model = SparseTransformer(binding.configuration)
        func logits(_ tokens: ArraySlice<Int32>) throws -> [Float] {
          guard !tokens.isEmpty else { return [] }
          let row = Tensor(integers: Array(tokens), shape: [1, tokens.count])
          return try model.run(row, parameters).logits.floats()
        }
        // LongRoPE's first positions are those of a short row.
        let short = expected.tokens.prefix(binding.configuration.longRotaryBeyond ?? 0)
        let found =
          try logits(short)
          + logits(expected.tokens[...]).dropFirst(short.count * binding.configuration.vocabulary)
        expectNear(found, expected.logits, "transformers")

        let reference = try Reference(binding)
        let sequence = Reference.Sequence()
        let last = expected.tokens.map { reference.step($0, of: sequence).logits }.last ?? []
        expectNear(Array(found.suffix(last.count)), last, "the reference")
      }

      private func expectNear(_ found: [Float], _ wanted: [Float], _ oracle: String) {
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == wanted.count && worst < 1e-3, "\(worst) from \(oracle)")
      }
    }
  }
#endif
