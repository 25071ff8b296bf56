import SparrowCore
import SparrowEngine

/// The engine's side of a scheduler: which requests run, and what the next step is.
///
/// Only its own thread touches it once it runs.
final class SchedulerLoop: @unchecked Sendable {
  let model: Model
  let options: SchedulerOptions
  let context: Int
  let pool: PagePool
  let inbox: Inbox
  /// In the order in which they came.
  var waiting: [ScheduledRequest] = []
  var running: [ScheduledRequest] = []
  /// Pages of texts that have run.
  var prefixes = PrefixCache()
  /// Decoding steps from one look at what they touch to the next.
  static let sparsityPace = 256
  private var lastWasPrompt = false
  private var lastOrder = 0
  private var lastRings: UInt32?
  /// Figures that change with steps, told once a turn.
  var statistics = SchedulerStatistics()
  var recall = RecallSampler()
  // Kept from step to step.
  var batch = StepBatch.decode([], of: [])
  var rows: [ScheduledRequest] = []
  var streams: [ScheduledRequest] = []
  private(set) lazy var activityProbes = StepProbes(selections: { [unowned self] selected in
    rows[selected.row].note(selected)
  })

  init(
    _ model: Model, _ options: SchedulerOptions, context: Int, pool: PagePool, inbox: Inbox
  ) {
    self.model = model
    self.options = options
    self.context = context
    self.pool = pool
    self.inbox = inbox
    (statistics.pageLimit, statistics.pageBytes) = (pool.limit, pool.pageBytes)
  }

  /// Runs until the inbox is closed and nothing is left to do.
  func run() {
    while true {
      let rings = inbox.bell.count
      let phase = takeIn()
      if phase >= .stopping { break }
      if turn() { continue }
      if phase == .finishing, running.isEmpty, waiting.isEmpty { break }
      rest()
      inbox.bell.wait(after: rings)
    }
    for request in running + waiting { request.cancel() }
    (running, waiting) = ([], [])
    prefixes.removeAll()
    rest()
    inbox.end()
  }

  /// Takes new requests, lets go of those that nobody wants any more, and says how long to go on.
  func takeIn() -> Inbox.Phase {
    let rings = inbox.bell.count
    let phase = exchange()
    // Who is not wanted any more has rung.
    if rings != lastRings {
      lastRings = rings
      for request in waiting + running where request.mailbox.isCancelled { request.cancel() }
      waiting.removeAll(where: \.isFinished)
    }
    running.removeAll(where: \.isFinished)
    return phase
  }

  /// A piece of prompts or a token of each stream; false when there is nothing to do.
  func turn() -> Bool {
    if let failure = model.backend.failure { end(failure) }
    admit()
    beginLongTexts()
    let hasPrompts = running.contains { $0.givenLeft > 0 }
    let hasStreams = running.contains(where: \.isStreaming)
    guard hasPrompts || hasStreams else { return false }
    lastWasPrompt = hasPrompts && !(hasStreams && lastWasPrompt)
    if lastWasPrompt { stepPrompts() } else { stepStreams() }
    return true
  }

  /// Ends all requests: the backend has failed.
  private func end(_ failure: SparrowError) {
    for request in running + waiting { request.finish(failure) }
    (running, waiting) = ([], [])
    prefixes.removeAll()
  }

  /// Tells how things are before a pause, and gives memory back that nobody has.
  private func rest() {
    running.forEach { $0.mailbox.flush() }
    pool.releaseFree()
    tellSparsity()
    _ = exchange()
  }

  private func exchange() -> Inbox.Phase {
    statistics.running = running.count
    statistics.pages = pool.used
    statistics.cachedPages = prefixes.count
    let known = waiting.count
    let phase = inbox.exchange(&waiting, statistics)
    for request in waiting[known...] {
      lastOrder += 1
      request.order = lastOrder
    }
    return phase
  }
}
