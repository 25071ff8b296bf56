package import SparrowCore
package import SparrowTransformer

/// One sequence of a model: how far it is filled, and the memory that its backend keeps for it.
package final class SequenceState: @unchecked Sendable {
  /// Positions that it has room for.
  package let capacity: Int
  /// Positions filled: the next token's position.
  package private(set) var count = 0
  package let type: CacheType
  package let memory: any SequenceMemory
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

  /// Throws `.argument` for a capacity below 1, and what making the memory throws.
  package init(
    _ model: ModelConfiguration, capacity: Int, type: CacheType,
    memory: () throws(SparrowError) -> any SequenceMemory
  ) throws(SparrowError) {
    try SparrowError.require(capacity, in: 1...Int.max, "context")
    self.capacity = capacity
    self.type = type
    self.memory = try memory()
    beyond = model.longRotaryBeyond
    tokens = beyond == nil ? nil : .allocate(capacity: capacity)
  }

  deinit { tokens?.deallocate() }

  /// Notes that a step has filled positions with these tokens.
  package func fill(_ new: UnsafeBufferPointer<Int32>) {
    if let tokens { (tokens + count).update(from: new.baseAddress!, count: new.count) }
    count += new.count
  }

  /// Forgets all positions and gives their memory back.
  package func clear() {
    truncate(to: 0)
    memory.release()
  }

  /// Forgets the positions from `position` on.
  package func truncate(to position: Int) {
    precondition((0...count).contains(position))
    count = position
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

/// What a backend keeps of a sequence: its keys and values.
package protocol SequenceMemory: AnyObject {
  /// Forgets the positions from `count` on.
  func truncate(to count: Int)
  /// Gives the memory of an empty sequence back.
  func release()
}
