public import SparrowCore
import SparrowEngine
import SparrowTransformer

/// Runs many requests over one model at once: they join and leave between steps, and each gets the
/// tokens that it would get alone.
///
/// One thread of its own runs the steps, in turn with the model's sessions. A turn is a piece of
/// prompts, which several requests may share, or one token of every running stream; while both are
/// wanted they alternate, so that between two tokens of a stream that keeps its pages there is at
/// most one piece of prompts (`LoadOptions.prefillTokens` rows). Where pages are short the stream
/// that came last gives its own up, and is run again later. First come, first served. A scheduler
/// that nobody holds any more finishes what it has.
public final class Scheduler: Sendable {
  public let model: Model
  public let options: SchedulerOptions
  /// Tokens of one request at most, prompt and answer.
  public let context: Int
  private let inbox = Inbox()

  fileprivate init(_ model: Model, _ options: SchedulerOptions) throws(SparrowError) {
    try SparrowError.require(
      options.parallel, in: 1...model.backend.limits.rows, "parallel", file: model.path)
    try SparrowError.require(options.waiting, in: 1...1_000_000, "waiting", file: model.path)
    self.model = model
    self.options = options
    let memory = options.cacheMemory ?? model.cacheAllowance(options.cacheType)
    let pool = try model.backend.pagePool(type: options.cacheType, limit: memory)
    context = try model.schedulerContext(options.context, pool)
    let loop = SchedulerLoop(model, options, context: context, pool: pool, inbox: inbox)
    try runOnOwnThread { loop.run() }
  }

  deinit { inbox.close(.finishing) }

  /// Queues a request.
  ///
  /// Throws `.argument` for options outside their ranges, for a prompt that is empty, outside the
  /// vocabulary or longer than `context`, and for a sparse plan that the model lacks;
  /// `.unsupported` for a constraint whose masks take too long, which may also end the stream
  /// later; `.busy` where too many wait; `.cancelled` after `stop`.
  public func submit(_ request: GenerationRequest) throws(SparrowError) -> GenerationStream {
    try check(request)
    let scheduled = try ScheduledRequest(
      request, of: model, context: context, bell: inbox.bell)
    try inbox.add(scheduled, limit: options.waiting, parallel: options.parallel)
    return GenerationStream(scheduled.mailbox)
  }

  /// What it has done and does. Costs a copy.
  public var statistics: SchedulerStatistics { inbox.statistics }

  /// From now on samples the recall of what sparse steps select, for `statistics`: one step in
  /// 1,024 computes exact values beside its own. No token changes.
  public func sampleRecall() { inbox.sampleRecall() }

  /// Takes no more requests, lets those that it has finish within `time`, cancels the others, and
  /// returns when the thread has ended.
  public func stop(within time: Duration = .zero) async {
    inbox.close(time > .zero ? .finishing : .stopping)
    let cut = Task { [inbox] in
      try? await Task.sleep(for: time)
      inbox.close(.stopping)
    }
    await inbox.stopped()
    cut.cancel()
  }

  private func check(_ request: GenerationRequest) throws(SparrowError) {
    let vocabulary = model.configuration.vocabulary
    func refuse(_ field: String, _ found: String, _ expected: String) throws(SparrowError) {
      throw SparrowError(
        .argument, file: model.path, field: field, found: found, expected: expected)
    }
    if request.prompt.isEmpty { try refuse("prompt", "no tokens", "some text") }
    if request.prompt.count > context {
      try refuse("prompt", "\(request.prompt.count) tokens", "at most \(context) (--context)")
    }
    if let bad = request.prompt.first(where: { $0 < 0 || $0 >= vocabulary }) {
      try refuse("prompt", "token \(bad)", "0 to \(vocabulary - 1)")
    }
    if let count = request.logProbabilities {
      try SparrowError.require(count, in: 0...vocabulary, "log-probabilities", file: model.path)
    }
    if request.plan == .sparse, !model.isSparse {
      try refuse("plan", "sparse, of a dense model", "dense, or an adapter (--adapter)")
    }
  }
}

extension Model {
  /// A scheduler of this model, with a thread and a cache of its own.
  ///
  /// Throws `.argument` for options outside their ranges, `.system` without a thread.
  public func scheduler(
    _ options: SchedulerOptions = SchedulerOptions()
  ) throws(SparrowError) -> Scheduler {
    try Scheduler(self, options)
  }
}

extension Model {
  /// Half of the memory that is free now, and room for one page at least.
  fileprivate func cacheAllowance(_ type: CacheType) -> Int {
    let free = backend.freeMemory ?? MemoryAllowance.current() ?? 1 << 32
    return max(free / 2, PagePool.pageBytes(configuration, type))
  }

  /// A request's tokens: as asked for, or as many as the model and the pages allow.
  ///
  /// Throws `.argument` for more than these.
  fileprivate func schedulerContext(
    _ asked: Int?, _ pool: PagePool
  ) throws(SparrowError) -> Int {
    let room = pool.limit * CachePage.positions
    let context = try contextLength(asked)
    if asked == nil { return min(context, room) }
    guard context <= room else {
      throw SparrowError(
        .argument, file: path, field: "context",
        found:
          "\(context) tokens take \(CachePage.count(for: context) * pool.pageBytes) bytes of cache",
        expected: "at most the cache's \(pool.limit * pool.pageBytes) (--cache-memory)")
    }
    return context
  }
}
