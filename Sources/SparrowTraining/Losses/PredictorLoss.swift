#if Training
  /// What predictors of a frozen model minimise.
  package enum PredictorLoss {
    /// Deja Vu's cross-entropy of sigmoid(scores), weighted for recall: labels of 1 weigh 1, labels of 0 their
    /// density and `margin`, so that few of what fires is missed (its code: main_mlp.py adds 0.005, main_att.py
    /// nothing).
    ///
    /// Any shape, the same for both; the mean over all labels.
    package static func recallWeighted(
      _ scores: Tensor, labels: Tensor, margin: Float
    ) -> Tensor {
      let scores = scores.cast(.float32)
      let weight = labels.mean() + margin
      let weights = labels + (1 - labels) * weight
      return (weights * (scores.logAddExp(0) - labels * scores)).mean()
    }

    /// x A^T B^T + bias: two maps with nothing between. `[..., in]`, `[rank, in]`, `[out, rank]`, `[out]`.
    ///
    /// Deja Vu's code has no bias, but fitted predictors do: how often a neuron fires takes no direction then.
    package static func scores(
      _ x: Tensor, a: Tensor, b: Tensor, bias: Tensor? = nil
    ) -> Tensor {
      let scores = x.matmul(a.cast(x.type).transposed).matmul(b.cast(x.type).transposed)
      // In float32, since the two may nearly cancel.
      return bias.map { scores.cast(.float32) + $0 } ?? scores
    }
  }
#endif
