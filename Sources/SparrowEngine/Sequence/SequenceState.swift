package import SparrowCore
package import SparrowTransformer

/// One sequence of a model: how far it is filled, and the pages that hold its keys and values.
package final class SequenceState: @unchecked Sendable {
  /// Positions that it may have.
  package let capacity: Int
  /// Positions filled: the next token's position.
  package private(set) var count = 0
  /// Of these, how many from the first on were filled by dense steps.
  private var denseCount = 0
  package let pool: PagePool
  /// In the order of their positions; the last ones may be reserved only.
  package private(set) var pages: [CachePage] = []
  package let memory: any SequenceMemory
  /// Clearing it gives the pool's memory back too.
  private let ownsPool: Bool
  /// The length that the sequence will reach soon, where it is known: keys then need not be made
  /// twice.
  package var expectedCount = 0
  /// Its keys turn by the frequencies of long sequences.
  package private(set) var turnsLong = false
  /// The tokens of the filled positions, of models whose long sequences turn otherwise: once they
  /// do, all keys are made anew.
  private let tokens: UnsafeMutablePointer<Int32>?
  /// The length beyond which the model's sequences turn by other frequencies.
  private let beyond: Int?

  /// Throws `.argument` for a capacity below 1.
  package init(
    _ model: ModelConfiguration, capacity: Int, in pool: PagePool, ownsPool: Bool = false,
    memory: any SequenceMemory
  ) throws(SparrowError) {
    try SparrowError.require(capacity, in: 1...Int.max, "context")
    self.capacity = capacity
    self.pool = pool
    self.ownsPool = ownsPool
    self.memory = memory
    beyond = model.longRotaryBeyond
    tokens = beyond == nil ? nil : .allocate(capacity: capacity)
    pages.reserveCapacity(min(CachePage.count(for: capacity), pool.limit))
  }

  deinit { tokens?.deallocate() }

  /// Whether it may begin with another sequence's pages: not where long sequences turn otherwise
  /// (LongRoPE), since a text's keys then depend on how long it grows.
  package var canShare: Bool { beyond == nil }

  /// Makes room for the next `rows` positions; false, with nothing changed, where the pool has too
  /// few pages left.
  ///
  /// A page that it shares and would write to is copied first. At most `capacity` positions.
  package func reserve(_ rows: Int) -> Bool {
    precondition(count + rows <= capacity, "no room in a sequence")
    let next = count / CachePage.positions
    let isShared =
      rows > 0 && count % CachePage.positions > 0 && !isKnownUniquelyReferenced(&pages[next])
    let missing = max(CachePage.count(for: count + rows) - pages.count, 0)
    guard isShared || missing > 0 else { return true }
    guard var new = pool.take(missing + (isShared ? 1 : 0)) else { return false }
    if isShared {
      let own = new.removeLast()
      pool.memory.copy(pages[next].place, to: own.place)
      pages[next] = own
      memory.put(own, at: next)
    }
    append(new)
    return true
  }

  /// Fills an empty sequence with pages that others with the same tokens have filled, in order.
  ///
  /// The pages are of its pool and shareable, and the sequence can share.
  package func adopt(_ shared: [CachePage]) {
    precondition(canShare && count == 0, "a sequence that cannot begin with others' pages")
    precondition(
      shared.allSatisfy { $0.pool === pool && $0.isShareable }, "pages that cannot be shared")
    precondition(shared.count * CachePage.positions <= capacity, "no room in a sequence")
    pages.removeAll(keepingCapacity: true)
    append(shared)
    count = shared.count * CachePage.positions
    denseCount = shared.prefix(while: \.isDense).count * CachePage.positions
    memory.adopt(count)
  }

  private func append(_ new: [CachePage]) {
    for page in new {
      memory.put(page, at: pages.count)
      pages.append(page)
    }
  }

  /// Notes that a step has filled positions with these tokens, and how.
  package func fill(_ new: UnsafeBufferPointer<Int32>, _ origin: CachePage.Origin) {
    if let tokens { (tokens + count).update(from: new.baseAddress!, count: new.count) }
    let first = count / CachePage.positions
    if origin == .dense, denseCount == count { denseCount += new.count }
    count += new.count
    for index in first..<CachePage.count(for: count) {
      let end = (index + 1) * CachePage.positions
      pages[index].origin =
        end > count ? nil : end <= denseCount ? .dense : origin == .dense ? .sparse : origin
    }
  }

  /// Forgets all positions and gives their pages back to the pool; memory goes back to the system
  /// where the pool serves this sequence alone.
  package func clear() {
    truncate(to: 0)
    if ownsPool { pool.releaseFree() }
  }

  /// Forgets the positions from `position` on, and room that was reserved.
  package func truncate(to position: Int) {
    precondition((0...count).contains(position))
    count = position
    denseCount = min(denseCount, position)
    pages.removeLast(pages.count - CachePage.count(for: position))
    memory.truncate(to: position)
  }

  /// Empties a sequence whose new length turns by other frequencies than its keys do, as
  /// transformers does, and gives `body` the tokens to fill it with again.
  package func turn(to count: Int, refill body: (UnsafeBufferPointer<Int32>) -> Void) {
    guard let beyond, let tokens else { return }
    let isLong = max(count, expectedCount) > beyond
    guard turnsLong != isLong else { return }
    let filled = self.count
    truncate(to: 0)
    turnsLong = isLong
    if filled > 0 { body(UnsafeBufferPointer(start: tokens, count: filled)) }
  }
}

/// What a backend keeps of a sequence beside its pages.
package protocol SequenceMemory: AnyObject {
  /// The sequence's pages lie there from now on.
  func put(_ page: CachePage, at index: Int)
  /// The sequence begins with `count` positions that others made.
  func adopt(_ count: Int)
  /// Forgets the positions from `count` on.
  func truncate(to count: Int)
}
