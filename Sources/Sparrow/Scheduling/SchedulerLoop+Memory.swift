import SparrowCore
import SparrowEngine

/// Who has the pages of the cache.
extension SchedulerLoop {
  /// Lets requests run while there is room: first come, first served, but for those that wait for
  /// their reader or for pages that a prompt before them is making. Who waits for its reader makes
  /// room at once, and keeps its pages while nobody needs them.
  func admit() {
    for request in waiting where !request.mailbox.isFull {
      let isFull = running.count >= options.parallel
      let lagging = isFull ? running.last(where: \.isLagging) : nil
      if isFull, lagging == nil { return }
      let hasPages = request.sequence != nil
      if !hasPages, waitsForPages(request) { continue }
      if let lagging { putBack(lagging) }
      guard hasPages || begin(request) else { return }
      waiting.removeAll { $0 === request }
      guard !request.isFinished else { continue }
      running.insert(request, at: running.firstIndex { $0.order > request.order } ?? running.count)
    }
  }

  /// Whether a prompt that is running makes pages that this one could take, and has not yet.
  private func waitsForPages(_ request: ScheduledRequest) -> Bool {
    let text = request.sharedText
    guard sharesPages, text.count >= CachePage.positions else { return false }
    let known = prefixes.matches(text, isDense: request.isDense)
    return running.contains { other in
      guard other.givenLeft > 0 else { return false }
      let common = zip(text, other.given).prefix { $0 == $1 }.count
      return common / CachePage.positions > known
    }
  }

  /// Begins with what the cache has of a request's text and room for the rest of it, and keeps a
  /// page for each of those that run; false where there are too few.
  private func begin(_ request: ScheduledRequest) -> Bool {
    let shared = sharesPages ? prefixes.take(request.sharedText, isDense: request.isDense) : []
    let missing = CachePage.count(for: request.tokens.count) - shared.count
    while case let short = missing + running.count - pool.free, short > 0 {
      if prefixes.evict(short) { continue }
      guard let idle else { return false }
      suspend(idle)
    }
    do throws(SparrowError) {
      let sequence = try model.backend.sequence(capacity: request.positions(context), in: pool)
      if !shared.isEmpty { sequence.adopt(shared) }
      let hasRoom = sequence.reserve(request.given.count - sequence.count)
      precondition(hasRoom, "pages that were free")
      request.begin(in: sequence)
      statistics.cachedTokens += sequence.count
    } catch {
      request.finish(error)
    }
    return true
  }

  /// Makes room for a request's next rows: of the cache what was least recently used goes, then the
  /// pages of who lags or else came last, which may be the request's own. False in that case, and
  /// for a request that has lost them already.
  func makeRoom(for request: ScheduledRequest, rows: Int) -> Bool {
    while let sequence = request.sequence {
      if sequence.reserve(rows) { return true }
      if prefixes.evict() { continue }
      suspend(idle ?? running[running.count - 1])
    }
    return false
  }

  /// Who has pages and does not use them now, and came last.
  private var idle: ScheduledRequest? {
    waiting.last { $0.sequence != nil } ?? running.last(where: \.isLagging)
  }

  /// Takes a request's pages; it waits for its turn to go on.
  private func suspend(_ request: ScheduledRequest) {
    statistics.preemptions += 1
    request.suspend()
    putBack(request)
  }

  /// Lets a running request wait for its turn, with the pages that it has.
  private func putBack(_ request: ScheduledRequest) {
    guard let index = running.firstIndex(where: { $0 === request }) else { return }
    running.remove(at: index)
    waiting.insert(request, at: waiting.firstIndex { $0.order > request.order } ?? waiting.count)
  }

  /// Lets others take the whole pages of a request's text.
  func share(_ request: ScheduledRequest) {
    guard sharesPages, let sequence = request.sequence else { return }
    var count = request.sharedPages
    while count < sequence.count / CachePage.positions, isShared(sequence.pages[count]) {
      count += 1
    }
    guard count > request.sharedPages else { return }
    request.sharedPages = count
    prefixes.keep(request.tokens[...], sequence.pages[..<count])
  }

  private func isShared(_ page: CachePage) -> Bool {
    options.reusesAnswers ? page.isShareable : page.isDense
  }

  /// Not of models whose long texts turn otherwise: a text's keys depend on how long it grows.
  private var sharesPages: Bool { model.configuration.longRotaryBeyond == nil }
}
