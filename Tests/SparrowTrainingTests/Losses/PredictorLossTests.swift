#if Training
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// Losses and gradients of predictors equal PyTorch's.
    @Suite struct PredictorLossTests {
      @Test func theRecallWeightedCrossEntropy() throws {
        let golden = try Golden("predictors")
        let inputs = try golden.tensor("inputs")
        let labels = try golden.tensor("labels")
        expectClose([try labels.mean().value() + 0.005], [try golden.value("weight")], "weight")
        let (values, gradients) = try TensorFunction.valueAndGradient(
          ["A", "B", "bias"].map { try golden.tensor($0) }, count: 3
        ) { maps in
          [
            PredictorLoss.recallWeighted(
              PredictorLoss.scores(inputs, a: maps[0], b: maps[1], bias: maps[2]),
              labels: labels, margin: 0.005)
          ]
        }
        expectClose([try values[0].value()], [try golden.value("loss")], "loss")
        for (gradient, name) in zip(gradients, ["grad.A", "grad.B", "grad.bias"]) {
          expectClose(try gradient.floats(), try golden.floats(name), name)
        }
      }

      @Test func theLowRankHead() throws {
        let golden = try Golden("head-lr")
        let hidden = try golden.tensor("hidden")
        let batch = try golden.batch()
        let (values, gradients) = try TensorFunction.valueAndGradient(
          [try golden.tensor("A").transposed, try golden.tensor("B").transposed], count: 2
        ) { maps in
          let logits = PredictorLoss.scores(hidden, a: maps[0], b: maps[1])
          return [LanguageLoss.crossEntropy(logits, batch)]
        }
        expectClose([try values[0].value()], [try golden.value("loss")], "loss")
        for (gradient, name) in zip(gradients, ["grad.A", "grad.B"]) {
          expectClose(try gradient.transposed.floats(), try golden.floats(name), name)
        }
      }
    }
  }
#endif
