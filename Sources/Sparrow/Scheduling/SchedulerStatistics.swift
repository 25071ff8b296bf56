public import SparrowSparsity

/// What a scheduler has done and does.
public struct SchedulerStatistics: Sendable, Equatable {
  /// Requests that run, and that wait to run; those that wait for their readers are not counted.
  public var running = 0
  public var waiting = 0
  /// Pages of the key/value cache in use, and at most; a page holds 64 positions.
  public var pages = 0
  public var pageLimit = 0
  public var pageBytes = 0
  /// Those of them that are kept for texts to come, whoever else uses them.
  public var cachedPages = 0
  /// Tokens of given text that ran, and those that the cache had instead.
  public var promptTokens = 0
  public var cachedTokens = 0
  public var generatedTokens = 0
  /// Requests that gave their pages up for others, to be run again later.
  public var preemptions = 0
  /// Steps of prompts and of decoding, and the seconds that they took.
  public var promptSteps = 0
  public var promptSeconds = 0.0
  public var decodeSteps = 0
  public var decodeSeconds = 0.0
  /// What part of all that is sparse a token touched, on average.
  public var touched = Touched()
  /// What sparse steps find of what matters, sampled since `Scheduler.sampleRecall()`; nil before.
  public var recall: SampledRecall?
  /// Bytes of weights that decoding one token reads, and would read densely.
  public var bytesPerToken = 0
  public var denseBytesPerToken = 0
}

/// Means over the decoded tokens that were sampled.
public struct SampledRecall: Sendable, Equatable {
  /// Part of the greatest neurons, as many as are selected, that the selection holds, by layer.
  public var networks: [Int: Double] = [:]
  /// The same of head groups; multi-head layers have none.
  public var attention: [Int: Double] = [:]
  /// Part of the plan's k likeliest tokens that the head's candidates hold; nil of a dense head.
  public var head: Double?
}
