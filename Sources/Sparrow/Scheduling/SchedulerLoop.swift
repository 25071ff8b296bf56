import SparrowCore
import SparrowEngine

/// The engine's side of a scheduler: which requests run, and what the next step is.
///
/// Only its own thread touches it once it runs.
final class SchedulerLoop: @unchecked Sendable {
  let model: Model
  private let options: SchedulerOptions
  private let context: Int
  private let inbox: Inbox
  /// In the order in which they came.
  private var waiting: [ScheduledRequest] = []
  private(set) var running: [ScheduledRequest] = []
  private var lastWasPrompt = false
  /// Figures that change with steps, told once a turn.
  var statistics = SchedulerStatistics()
  // Kept from step to step.
  var batch = StepBatch.decode([], of: [])
  var rows: [ScheduledRequest] = []
  private(set) lazy var activityProbes = StepProbes(selections: { [unowned self] selected in
    rows[selected.row].note(selected)
  })

  init(_ model: Model, _ options: SchedulerOptions, context: Int, inbox: Inbox) {
    self.model = model
    self.options = options
    self.context = context
    self.inbox = inbox
  }

  /// Runs until the inbox is closed and nothing is left to do.
  func run() {
    while true {
      let seen = inbox.bell.count
      let phase = exchange()
      if phase >= .stopping { break }
      retire()
      admit()
      if turn() { continue }
      if phase == .finishing, running.isEmpty, waiting.isEmpty { break }
      running.forEach { $0.mailbox.flush() }
      _ = exchange()
      inbox.bell.wait(after: seen)
    }
    (running + waiting).forEach { $0.cancel() }
    running = []
    waiting = []
    _ = exchange()
    inbox.end()
  }

  private func exchange() -> Inbox.Phase {
    statistics.running = running.count
    return inbox.exchange(&waiting, statistics)
  }

  /// Lets go what has ended or is not wanted any more.
  private func retire() {
    for request in waiting + running where request.mailbox.isCancelled { request.cancel() }
    waiting.removeAll(where: \.isFinished)
    running.removeAll(where: \.isFinished)
  }

  /// Lets requests run, first come, first served.
  private func admit() {
    while running.count < options.parallel, !waiting.isEmpty {
      let request = waiting.removeFirst()
      do throws(SparrowError) {
        let sequence = try model.backend.sequence(
          capacity: request.positions(context), type: options.cacheType)
        sequence.expectedCount = request.request.prompt.count
        request.sequence = sequence
        running.append(request)
      } catch {
        request.finish(error)
      }
    }
  }

  /// A piece of prompts or a token of each stream; false when there is nothing to do.
  private func turn() -> Bool {
    let hasPrompts = running.contains { $0.givenLeft > 0 }
    let hasStreams = running.contains(where: \.isStreaming)
    guard hasPrompts || hasStreams else { return false }
    lastWasPrompt = hasPrompts && !(hasStreams && lastWasPrompt)
    if lastWasPrompt { stepPrompts() } else { stepStreams() }
    return true
  }
}
