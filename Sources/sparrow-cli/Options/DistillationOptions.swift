#if Training
  import ArgumentParser

  /// What a model learns from: its dense self and its text.
  struct DistillationOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The weight of KL to the dense self. (default: 1)")
    var distill: Float?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "The weight of the next token's loss. (default: 0.1, or 1 with --distill 0)",
        discussion: "0 keeps to the dense self alone: nothing of the text is learnt."))
    var nextToken: Float?

    func validate() throws {
      for (name, value) in [("distill", distill), ("next-token", nextToken)] {
        guard let value, !(value.isFinite && value >= 0) else { continue }
        throw ValidationError("--\(name) \(value): expected 0 or more")
      }
      guard distill != 0 || nextToken != 0 else {
        throw ValidationError("--distill 0 and --next-token 0: expected something to learn from")
      }
    }

    /// Sets both weights where they are given.
    func apply(distillation: inout Float, task weight: inout Float) {
      distillation = distill ?? distillation
      weight = nextToken ?? (distillation == 0 ? 1 : weight)
    }
  }
#endif
