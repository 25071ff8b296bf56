#if Training

  /// What training minimises: the weighted sum of a task's loss and what sparsity adds to it.
  package struct Objective: Sendable {
    /// Weight of the next token's cross-entropy.
    package var task: Float
    /// Weight of KL(dense self || model); 0 trains without a teacher.
    package var distillation: Float
    /// LTE's lambda (arXiv 2402.06126, eq 6: 0.5 everywhere).
    package var separation: Float = 0
    /// Weight of what each layer's selection loses of its network's dense result: routers learn it
    /// directly.
    package var local: Float = 0
    /// Trains predictors by their own loss alone instead of the model.
    package var prediction: PredictionObjective?

    package init(task: Float = 1, distillation: Float = 0) {
      self.task = task
      self.distillation = distillation
    }

    /// One batch: tokens and targets `[batch, length]` int32, mask `[batch, length]` float32.
    package struct Batch {
      package var tokens: Tensor
      package var targets: Tensor
      package var mask: Tensor
      /// What sums over tokens are divided by, a scalar: the mask's sum, or the mean of such sums
      /// where several batches make a step, so that every token counts the same in whichever batch
      /// it is.
      package var learnt: Tensor

      package init(tokens: Tensor, targets: Tensor, mask: Tensor, learnt: Tensor? = nil) {
        self.tokens = tokens
        self.targets = targets
        self.mask = mask
        self.learnt = learnt ?? mask.sum().maximum(1)
      }

      init(_ batch: TokenBatch, learnt: Tensor? = nil) {
        let tokens = Tensor(integers: batch.tokens, shape: [batch.count, batch.length + 1])
        self.init(
          tokens: tokens.slice(1, 0..<batch.length),
          targets: tokens.slice(1, 1..<batch.length + 1),
          mask: Tensor(batch.mask.map { $0 ? 1 : 0 }, shape: [batch.count, batch.length]),
          learnt: learnt)
      }

      /// As a list, for functions of lists; `init(list:)` is its inverse.
      var list: [Tensor] { [tokens, targets, mask, learnt] }

      init(list: some Collection<Tensor>) {
        let list = Array(list)
        self.init(tokens: list[0], targets: list[1], mask: list[2], learnt: list[3])
      }
    }

    /// The loss and its parts without weights, all scalars; zero for parts that the model does not
    /// have.
    package struct Parts {
      package var total: Tensor
      /// The next token's, or the predictors'.
      package var task: Tensor
      package var divergence: Tensor
      /// LTE's L_eff and L_sep: means over tokens, layers and groups (eq 4, 5).
      package var efficiency: Tensor
      package var separation: Tensor
      /// Mean |activation|.
      package var activity: Tensor
      /// Mean over the layers that select.
      package var density: Tensor
      /// Of predictors and sketches: the part of what is needed that they find.
      package var recall: Tensor
      /// |f_sparse - f_dense|² / |f_dense|² of networks with routers: the mean over tokens and
      /// layers.
      package var local: Tensor
      /// Mean relative error of learnt sketches, which is in the total with weight 1: only they
      /// learn from it.
      package var sketch: Tensor

      package var list: [Tensor] {
        [
          total, task, divergence, efficiency, separation, activity, density, recall, local,
          sketch,
        ]
      }

      /// Of the density in `list`.
      static let densityIndex = 6
    }

    /// `pressure` is the weight of what sparsity costs: LTE's eta on L_eff, or ProSparse's lambda
    /// on activity. `teacher` are the dense self's logits.
    package func parts(
      _ model: SparseTransformer, _ parameters: Parameters, _ batch: Batch, pressure: Tensor,
      teacher: Tensor? = nil
    ) -> Parts {
      let zero = Tensor(0)
      if let prediction {
        let found = prediction.parts(model, parameters, batch)
        return Parts(
          total: found.loss, task: found.loss, divergence: zero, efficiency: zero,
          separation: zero, activity: zero, density: found.density, recall: found.recall,
          local: zero, sketch: zero)
      }
      var model = model
      model.comparesToDense = local > 0
      let (_, logits, notes) = model.run(batch.tokens, parameters)
      func mean(_ values: [Tensor]) -> Tensor {
        values.isEmpty ? zero : values.reduce(zero, +) / Float(values.count)
      }
      var parts = Parts(
        total: zero,
        task: LanguageLoss.crossEntropy(logits, batch),
        divergence: zero, efficiency: mean(notes.compactMap(\.efficiency)),
        separation: mean(notes.compactMap(\.separation)),
        activity: mean(notes.compactMap(\.activity)), density: mean(notes.compactMap(\.density)),
        recall: mean(notes.compactMap(\.recall)), local: mean(notes.compactMap(\.local)),
        sketch: mean(notes.compactMap(\.sketchError)))
      parts.total = parts.sketch
      // A loss of weight 0 would still be differentiated, over the whole vocabulary.
      if task > 0 { parts.total = parts.total + parts.task * task }
      if distillation > 0, let teacher {
        parts.divergence = LanguageLoss.distillation(
          teacher: teacher, student: logits, batch)
        parts.total = parts.total + parts.divergence * distillation
      }
      let selects = model.networks.contains { $0.hasRouter }
      parts.total =
        parts.total + (selects ? parts.efficiency : parts.activity) * pressure
        + parts.separation * separation + parts.local * local
      return parts
    }
  }

  /// Losses over the vocabulary: next token and distillation.
  package enum LanguageLoss {
    /// Mean of -log p(target) over the tokens that the batch learns; logits `[batch, tokens,
    /// vocabulary]`.
    package static func crossEntropy(_ logits: Tensor, _ batch: Objective.Batch) -> Tensor {
      mean(logits.crossEntropy(batch.targets).cast(.float32), batch)
    }

    /// Mean of KL(teacher || student): sum p (log p - log q), temperature 1 (Hinton et al. 2015).
    package static func distillation(
      teacher: Tensor, student: Tensor, _ batch: Objective.Batch
    ) -> Tensor {
      let wanted = teacher.stopped.cast(.float32)
      let given = student.cast(.float32)
      let wantedLog = wanted - wanted.logSumExp(-1, keep: true)
      let givenLog = given - given.logSumExp(-1, keep: true)
      return mean((wantedLog.exponential * (wantedLog - givenLog)).sum(-1), batch)
    }

    private static func mean(_ values: Tensor, _ batch: Objective.Batch) -> Tensor {
      (values * batch.mask).sum() / batch.learnt
    }
  }
#endif
