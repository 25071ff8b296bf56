public import SparrowGrammar

/// One text to be continued by a scheduler.
public struct GenerationRequest: Sendable {
  /// Not empty; all in the vocabulary.
  public var prompt: [Int32]
  public var options: GenerationOptions
  /// nil: as the model was loaded, sparse where it has an adapter.
  public var plan: PlanChoice?
  /// How many of the likeliest tokens are told beside each token's own log-probability; nil for no
  /// log-probabilities.
  ///
  /// They are of the model's own distribution, whatever sampling makes of it. Asking costs a pass
  /// over the dense head for each token of a sparse one, and changes no token.
  public var logProbabilities: Int?
  /// Tells the prompt's log-probabilities too; the prompt's cache is then not used.
  public var scoresPrompt: Bool
  /// Runs the prompt as decoding would, a token at a time from the second on, so that its
  /// log-probabilities are those of a sparse plan's own kernels.
  public var decodesPrompt: Bool
  /// What the text may be; nil: anything.
  public var constraint: TokenConstraint?
  /// Tells what each generated token touched of what is sparse.
  public var reportsActivity: Bool

  public init(
    prompt: [Int32], options: GenerationOptions = GenerationOptions(), plan: PlanChoice? = nil,
    logProbabilities: Int? = nil, scoresPrompt: Bool = false, decodesPrompt: Bool = false,
    constraint: TokenConstraint? = nil, reportsActivity: Bool = false
  ) {
    self.prompt = prompt
    self.options = options
    self.plan = plan
    self.logProbabilities = logProbabilities
    self.scoresPrompt = scoresPrompt
    self.decodesPrompt = decodesPrompt
    self.constraint = constraint
    self.reportsActivity = reportsActivity
  }
}

/// What a request's answer runs of a model's one set of weights.
public enum PlanChoice: String, Sendable, CaseIterable {
  /// All of it.
  case dense
  /// What the adapter's plan selects.
  case sparse
}
