/// What a scheduler may take.
public struct SchedulerOptions: Sendable, Equatable {
  /// Requests that run at once, at most.
  public var parallel: Int
  /// Requests that wait, at most; beyond them `submit` throws `.busy`.
  public var waiting: Int
  /// Bytes of keys and values of all requests; nil: half of what is free.
  public var cacheMemory: Int?
  /// Tokens of one request, prompt and answer; nil: the model's, at most 8192.
  public var context: Int?
  /// How keys and values are kept.
  public var cacheType: CacheType
  /// Shares also what sparse decoding wrote: a conversation's next turn starts sooner, and its bits
  /// then depend on what is cached.
  public var reusesAnswers: Bool

  public init(
    parallel: Int = 16, waiting: Int = 256, cacheMemory: Int? = nil, context: Int? = nil,
    cacheType: CacheType = .f16, reusesAnswers: Bool = false
  ) {
    self.parallel = parallel
    self.waiting = waiting
    self.cacheMemory = cacheMemory
    self.context = context
    self.cacheType = cacheType
    self.reusesAnswers = reusesAnswers
  }
}
