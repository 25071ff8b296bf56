package import SparrowEngine
public import SparrowCore

/// Milliseconds of a decoded token's parts, the mean over all that were timed.
public struct StepTimes: Sendable, Equatable {
  /// Attention with its projections, its heads' scores and choice among them.
  public var attention: Double
  /// Scores of neurons, and the choice among them; 0 in a dense model.
  public var predict: Double
  public var select: Double
  /// Feed-forward networks: of sparse ones the touched neurons, of dense ones all.
  public var feedForward: Double

  public init(
    attention: Double, predict: Double = 0, select: Double = 0, feedForward: Double
  ) {
    self.attention = attention
    self.predict = predict
    self.select = select
    self.feedForward = feedForward
  }

  package init(_ profile: StepProfile) {
    func mean(_ part: StepProfile.Part) -> Double {
      profile[part] / Double(max(profile.steps, 1)) * 1000
    }
    self.init(
      attention: mean(.attention), predict: mean(.predict), select: mean(.select),
      feedForward: mean(.feedForward))
  }

  public var json: JSON {
    [
      "attention": .number(attention), "predict": .number(predict), "select": .number(select),
      "feed_forward": .number(feedForward),
    ]
  }
}
