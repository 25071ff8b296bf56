#if Training
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Models that run token by token over kept keys and values.
    @Suite struct KeyValueBlocksTests {
      private static let tokens: [Int32] = [
        1, 7, 42, 3, 99, 12, 56, 8, 5, 23, 77, 2, 1, 64, 31, 9, 18, 50, 4, 11, 90, 6,
      ]
      /// So that a row has several blocks, the last of them not full.
      private static let block = 4

      @Test(arguments: Fixtures.models)
      func tokenByTokenGivesTheLogitsOfTheWholeRow(name: String) throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding(name)
        let parameters = try Parameters(binding)
        let model = SparseTransformer(binding.configuration)
        // What is kept has turned by the frequencies of short rows.
        let count = min(Self.tokens.count, binding.configuration.longRotaryBeyond ?? .max)
        let first = Self.tokens.prefix(count)
        // Two rows, one of them backwards.
        let rows = Tensor(integers: first + first.reversed(), shape: [2, count])
        let wanted = model.run(rows, parameters).logits
        var kept = KeyValueBlocks(
          binding.configuration, rows: 2, length: Self.block, type: .float32)
        var found: [Tensor] = []
        for place in 0..<count {
          let token = rows.slice(1, place..<place + 1)
          found.append(
            model.run(token, parameters, kept: kept).logits)
          kept = kept.advanced()
          if (place + 1) % Self.block == 0 { kept = kept.extended() }
        }
        expectClose(
          try Tensor.concatenated(found, axis: 1).floats(), try wanted.floats(), name,
          within: 1e-5)
      }

      /// A tensor of another type would have the step traced again.
      @Test(arguments: ["smollm2", "gemma2", "gpt2"]) func halfPrecisionStaysHalf(
        name: String
      ) throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding(name)
        let model = SparseTransformer(binding.configuration, type: .bfloat16)
        let kept = KeyValueBlocks(binding.configuration, rows: 2, length: 4, type: .bfloat16)
        let types = kept.list.map(\.type)
        let tokens = Tensor(integers: [3, 5], shape: [2, 1])
        let states = model.run(tokens, try Parameters(binding), kept: kept).states
        #expect(states.type == .bfloat16)
        #expect(kept.advanced().list.map(\.type) == types)
        #expect(kept.extended().list[..<types.count].map(\.type) == types)
      }
    }
  }
#endif
