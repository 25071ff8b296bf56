#if Training
  internal import SparrowTransformer

  /// Trains low-rank predictors of a model that stays as it is, all layers in one pass over a batch.
  package enum PredictionObjective: Sendable, Equatable {
    /// Deja Vu: which neurons fire. Of activations that are never zero the labels are, for each token, this part
    /// of the neurons, by |activation| times the length of the column of down. With `lookahead` layers read
    /// the input of the network before.
    case networks(density: Double, lookahead: Bool)
    /// HiRE's softmax LR (arXiv 2402.09360, section 3.2): a low-rank head by the next token's cross-entropy.
    case head

    /// What one batch gives, all scalars.
    struct Parts {
      /// The sum over layers, so that each learns as if it were alone.
      var loss: Tensor
      /// The part of the labels that are scored above 0, and the part of all neurons that is: means over layers.
      var recall: Tensor
      var density: Tensor
    }

    func parts(
      _ model: SparseTransformer, _ parameters: Parameters, _ batch: Objective.Batch
    ) -> Parts {
      // Nothing goes back through the layers, so there is nothing to make again.
      var model = model
      model.isCheckpointed = false
      let (states, notes) = model.hidden(batch.tokens, parameters)
      switch self {
      case .networks(let density, let lookahead):
        return networks(model, parameters, notes, density: density, lookahead: lookahead)
      case .head:
        let logits = model.finished(
          PredictorLoss.scores(
            states.stopped, a: parameters[ParameterName.predictorDown(nil)]!,
            b: parameters[ParameterName.predictorUp(nil)]!))
        let loss = LanguageLoss.crossEntropy(logits, batch)
        return Parts(loss: loss, recall: Tensor(0), density: Tensor(0))
      }
    }

    private func networks(
      _ model: SparseTransformer, _ parameters: Parameters, _ notes: [LayerNotes],
      density: Double, lookahead: Bool
    ) -> Parts {
      var sums = Parts(loss: Tensor(0), recall: Tensor(0), density: Tensor(0))
      for (layer, own) in notes.enumerated() {
        let source = notes[lookahead ? max(0, layer - 1) : layer]
        let scores = PredictorLoss.scores(
          source.input!.stopped, a: parameters[ParameterName.predictorDown(layer)]!,
          b: parameters[ParameterName.predictorUp(layer)]!)
        let labels = Self.labels(
          own.neurons!.stopped, model.configuration.layers[layer].feedForward,
          down: parameters[WeightRole(.down, layer: layer).parameterName]!, density: density)
        let found = (scores.stopped .> 0).cast(.float32)
        sums.loss = sums.loss + PredictorLoss.recallWeighted(scores, labels: labels)
        sums.recall = sums.recall + (found * labels).sum() / labels.sum().maximum(1)
        sums.density = sums.density + found.mean()
      }
      let count = Float(notes.count)
      sums.recall = sums.recall / count
      sums.density = sums.density / count
      return sums
    }

    /// 1 for the neurons that a token needs, else 0, in the shape of `neurons`, `[batch, tokens, width]`.
    static func labels(
      _ neurons: Tensor, _ network: FeedForwardDescription, down: Tensor, density: Double
    ) -> Tensor {
      let sizes = neurons.cast(.float32).absolute
      if network.activation.isSparse { return (sizes .> 0).cast(.float32) }
      let lengths = down.cast(.float32).squared.sum(0).squareRoot
      let weighted = sizes * lengths
      let kept = max(1, Int((Double(network.width) * density).rounded()))
      return (weighted .>= weighted.largest(kept)).cast(.float32)
    }
  }
#endif
