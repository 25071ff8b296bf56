#if Training
  import SparrowCore
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct TensorTests {
      @Test func computesWhatFormulasSay() throws {
        let a = Tensor([1, 2, 3, 4], shape: [2, 2])
        #expect(try (a.matmul(a) + 1).floats() == [8, 11, 16, 23])
        #expect(try a.sum(0).floats() == [4, 6])
        #expect(try Tensor.where_(a .> 2.5, a, a * 0).floats() == [0, 0, 3, 4])
      }

      @Test func givesGradients() throws {
        let x = Tensor([1, 2, 3])
        let both = try TensorFunction.valueAndGradient([x], count: 1) { [($0[0].squared).sum()] }
        #expect(try both.values[0].value() == 14)
        #expect(try both.gradients[0].floats() == [2, 4, 6])
      }

      @Test func throwsTheFirstFailureWhereItIsRead() throws {
        let wrong = Tensor([1, 2, 3]) + Tensor([1, 2])
        let error = #expect(throws: SparrowError.self) { try (wrong * 2).floats() }
        #expect(error?.field == "MLX")
        #expect(try Tensor([5]).floats() == [5])
      }

      @Test func checkpointedFunctionsHaveTheSameGradients() throws {
        let step = TensorFunction.checkpointed { [($0[0] * $0[1]).sigmoid] }
        let both = try TensorFunction.valueAndGradient([Tensor([0.5]), Tensor([2])], count: 2) {
          [step($0)[0].sum()]
        }
        let slope = Float(0.19661193)
        #expect(abs(try both.gradients[0].value() - 2 * slope) < 1e-6)
        #expect(abs(try both.gradients[1].value() - 0.5 * slope) < 1e-6)
      }
    }
  }
#endif
