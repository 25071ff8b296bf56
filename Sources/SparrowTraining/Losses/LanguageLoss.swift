#if Training
  /// Losses over the vocabulary: next token and distillation.
  package enum LanguageLoss {
    /// Mean of -log p(target) over the tokens that the batch learns; logits `[batch, tokens, vocabulary]`.
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
