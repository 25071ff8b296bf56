import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowEngine

/// What a sequence knows without a backend.
@Suite struct SequenceStateTests {
  private final class Memory: SequenceMemory {
    var cuts: [Int] = []
    var isReleased = false

    func truncate(to count: Int) { cuts.append(count) }
    func release() { isReleased = true }
  }

  private static func sequence(
    _ name: String, _ memory: Memory, capacity: Int = 32
  ) throws -> SequenceState {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    return try SequenceState(model, capacity: capacity, type: .f16) { memory }
  }

  @Test func cutsAndClearingReachTheMemory() throws {
    let memory = Memory()
    let sequence = try Self.sequence("llama3", memory)
    [1, 2, 3].withUnsafeBufferPointer { sequence.fill($0) }
    sequence.truncate(to: 2)
    #expect(sequence.count == 2 && memory.cuts == [2] && !memory.isReleased)
    sequence.clear()
    #expect(sequence.count == 0 && memory.cuts == [2, 0] && memory.isReleased)
  }

  @Test func aSequenceWithoutPositionsIsRefused() throws {
    let error = #expect(throws: SparrowError.self) {
      try Self.sequence("llama3", Memory(), capacity: 0)
    }
    #expect(error?.kind == .argument && error?.field == "context")
  }

  @Test("once long, a sequence is filled again by the other frequencies, and back when it is cut")
  func turns() throws {
    let sequence = try Self.sequence("phi3-long", Memory())
    let tokens = (0..<16).map { Int32($0) }
    func refilled(to count: Int) -> [Int32]? {
      var found: [Int32]?
      sequence.turn(to: count) {
        found = Array($0)
        sequence.fill($0)
      }
      return found
    }
    tokens.withUnsafeBufferPointer { sequence.fill($0) }
    #expect(refilled(to: 16) == nil && !sequence.turnsLong)
    #expect(refilled(to: 17) == tokens && sequence.turnsLong && sequence.count == 16)
    #expect(refilled(to: 18) == nil)
    sequence.truncate(to: 4)
    #expect(refilled(to: 5) == Array(tokens[..<4]) && !sequence.turnsLong)
    sequence.expectedCount = 20
    #expect(refilled(to: 5) == Array(tokens[..<4]) && sequence.turnsLong)
  }
}
