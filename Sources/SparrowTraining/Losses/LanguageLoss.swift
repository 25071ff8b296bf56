#if Training
  /// Losses over the vocabulary: next token and distillation.
  package enum LanguageLoss {
    /// Mean of -log p(target) over the tokens whose mask is 1; logits `[batch, tokens, vocabulary]`.
    package static func crossEntropy(_ logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor {
      mean(logits.crossEntropy(targets).cast(.float32), mask)
    }

    /// Mean of KL(teacher || student): sum p (log p - log q), temperature 1 (Hinton et al. 2015).
    package static func distillation(
      teacher: Tensor, student: Tensor, mask: Tensor
    ) -> Tensor {
      let wanted = teacher.stopped.cast(.float32)
      let given = student.cast(.float32)
      let wantedLog = wanted - wanted.logSumExp(-1, keep: true)
      let givenLog = given - given.logSumExp(-1, keep: true)
      return mean((wantedLog.exponential * (wantedLog - givenLog)).sum(-1), mask)
    }

    private static func mean(_ values: Tensor, _ mask: Tensor) -> Tensor {
      (values * mask).sum() / mask.sum().maximum(1)
    }
  }
#endif
