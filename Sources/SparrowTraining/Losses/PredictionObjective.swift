#if Training
  internal import SparrowTransformer

  /// Trains low-rank predictors of a model that stays as it is, all layers in one pass over a
  /// batch.
  package enum PredictionObjective: Sendable, Equatable {
    /// Deja Vu: which neurons fire. Of activations that are never zero the labels are, for each
    /// token, this part of the neurons, by |activation| times the length of the column of down.
    /// With `lookahead` layers read the input of the network before.
    case networks(density: Double, lookahead: Bool)
    /// Deja Vu: which head groups add most to attention's output, this part of them for each token.
    case attention(density: Double, lookahead: Bool)
    /// HiRE's softmax LR (arXiv 2402.09360, section 3.2): a low-rank head by the next token's
    /// cross-entropy.
    case head

    /// What one batch gives, all scalars.
    struct Parts {
      /// The sum over layers, so that each learns as if it were alone.
      var loss: Tensor
      /// The part of the labels that are scored above 0, and the part of all scores that is: means
      /// over layers.
      var recall: Tensor
      var density: Tensor
    }

    func parts(
      _ model: SparseTransformer, _ parameters: Parameters, _ batch: Objective.Batch
    ) -> Parts {
      // Nothing goes back through the layers, so there is nothing to make again.
      var model = model
      model.isCheckpointed = false
      let (states, _, notes) = model.run(batch.tokens, parameters)
      let labels = PredictionLabels(model.configuration, parameters)
      switch self {
      case .networks(let density, let lookahead):
        return layers(parameters, notes.map(\.input!), lookahead: lookahead, margin: 0.005) {
          labels.neurons($0, notes[$0], density: density)
        }
      case .attention(let density, let lookahead):
        return layers(parameters, notes.map(\.attentionInput!), lookahead: lookahead, margin: 0) {
          labels.headGroups($0, notes[$0], density: density)
        }
      case .head:
        let logits = model.finished(
          PredictorLoss.scores(
            states.stopped, a: parameters[ParameterName.predictorDown(nil)]!,
            b: parameters[ParameterName.predictorUp(nil)]!))
        let loss = LanguageLoss.crossEntropy(logits, batch)
        return Parts(loss: loss, recall: Tensor(0), density: Tensor(0))
      }
    }

    /// Of all layers that have a predictor.
    private func layers(
      _ parameters: Parameters, _ inputs: [Tensor], lookahead: Bool, margin: Float,
      labels: (Int) -> Tensor
    ) -> Parts {
      var sums = Parts(loss: Tensor(0), recall: Tensor(0), density: Tensor(0))
      var count: Float = 0
      for layer in inputs.indices {
        guard let a = parameters[ParameterName.predictorDown(layer)],
          let b = parameters[ParameterName.predictorUp(layer)],
          let bias = parameters[ParameterName.predictorBias(layer)]
        else { continue }
        let input = inputs[lookahead ? max(0, layer - 1) : layer]
        let scores = PredictorLoss.scores(input.stopped, a: a, b: b, bias: bias)
        let labels = labels(layer).stopped
        let found = (scores.stopped .> 0).cast(.float32)
        sums.loss =
          sums.loss + PredictorLoss.recallWeighted(scores, labels: labels, margin: margin)
        sums.recall = sums.recall + (found * labels).sum() / labels.sum().maximum(1)
        sums.density = sums.density + found.mean()
        count += 1
      }
      sums.recall = sums.recall / count
      sums.density = sums.density / count
      return sums
    }
  }

  /// What predictors of a frozen model minimise.
  package enum PredictorLoss {
    /// Deja Vu's cross-entropy of sigmoid(scores), weighted for recall: labels of 1 weigh 1, labels
    /// of 0 their density and `margin`, so that few of what fires is missed (its code: main_mlp.py
    /// adds 0.005, main_att.py nothing).
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

    /// x A^T B^T + bias: two maps with nothing between. `[..., in]`, `[rank, in]`, `[out, rank]`,
    /// `[out]`.
    ///
    /// Deja Vu's code has no bias, but fitted predictors do: how often a neuron fires takes no
    /// direction then.
    package static func scores(
      _ x: Tensor, a: Tensor, b: Tensor, bias: Tensor? = nil
    ) -> Tensor {
      let scores = x.matmul(a.cast(x.type).transposed).matmul(b.cast(x.type).transposed)
      // In float32, since the two may nearly cancel.
      return bias.map { scores.cast(.float32) + $0 } ?? scores
    }
  }
#endif
