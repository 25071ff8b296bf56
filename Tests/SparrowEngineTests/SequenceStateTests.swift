import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowEngine

/// What a sequence knows without a backend.
@Suite struct SequenceStateTests {
  @Test func cutsReachTheMemory() throws {
    let memory = FakeMemory()
    let sequence = try sequence("llama3", memory: memory)
    sequence.take(3)
    sequence.truncate(to: 2)
    #expect(sequence.count == 2 && memory.cuts == [2])
    sequence.clear()
    #expect(sequence.count == 0 && memory.cuts == [2, 0])
  }

  @Test func aSequenceWithoutPositionsIsRefused() throws {
    let error = #expect(throws: SparrowError.self) { try sequence("llama3", capacity: 0) }
    #expect(error?.kind == .argument && error?.field == "context")
  }

  @Test("once long, a sequence is filled again by the other frequencies, and back when it is cut")
  func turns() throws {
    let sequence = try sequence("phi3-long")
    let tokens = (0..<16).map { Int32($0) }
    func refilled(to count: Int) -> [Int32]? {
      var found: [Int32]?
      sequence.turn(to: count) {
        found = Array($0)
        sequence.take($0.count, tokens: Array($0))
      }
      return found
    }
    sequence.take(16, tokens: tokens)
    #expect(refilled(to: 16) == nil && !sequence.turnsLong)
    #expect(refilled(to: 17) == tokens && sequence.turnsLong && sequence.count == 16)
    #expect(refilled(to: 18) == nil)
    sequence.truncate(to: 4)
    #expect(refilled(to: 5) == Array(tokens[..<4]) && !sequence.turnsLong)
    sequence.expectedCount = 20
    #expect(refilled(to: 5) == Array(tokens[..<4]) && sequence.turnsLong)
  }

  @Test func sequencesWhoseKeysTurnByTheirLengthDoNotShare() throws {
    #expect(try sequence("llama3").canShare)
    #expect(try !sequence("phi3-long").canShare)
  }

  @Test("pages come with positions, and go when they are cut")
  func pages() throws {
    let pool = try pool(pages: 4)
    let memory = FakeMemory()
    let sequence = try sequence("llama3", capacity: 256, in: pool, memory: memory)
    sequence.take(1)
    #expect(sequence.pages.count == 1 && pool.used == 1)
    sequence.take(63)
    #expect(pool.used == 1)
    sequence.take(129)
    #expect(sequence.pages.count == 4 && pool.used == 4 && pool.free == 0)
    #expect(memory.places == sequence.pages.map(\.place))
    sequence.truncate(to: 128)
    #expect(sequence.pages.count == 2 && pool.used == 2)
    #expect(sequence.reserve(128) && pool.used == 4)
    sequence.truncate(to: 128)
    #expect(pool.used == 2)
    sequence.clear()
    #expect(sequence.pages.isEmpty && pool.used == 0)
  }

  @Test("a full pool changes nothing")
  func full() throws {
    let pool = try pool(pages: 3)
    let first = try sequence("llama3", capacity: 1024, in: pool)
    let second = try sequence("llama3", capacity: 1024, in: pool)
    first.take(100)
    second.take(64)
    let places = second.pages.map(\.place)
    #expect(!second.reserve(1) && !first.reserve(29))
    #expect(second.count == 64 && second.pages.map(\.place) == places && pool.used == 3)
    #expect(first.reserve(28))
    first.clear()
    #expect(second.reserve(128) && pool.used == 3)
  }

  @Test("a page knows whether dense steps made it and all before it")
  func origins() throws {
    let sequence = try sequence("llama3", capacity: 1024, in: pool(pages: 16))
    func origins() -> [CachePage.Origin?] { sequence.pages.map(\.origin) }
    sequence.take(70)
    #expect(origins() == [.dense, nil])
    sequence.take(58)
    #expect(origins() == [.dense, .dense])
    for _ in 0..<64 { sequence.take(1, .sparse) }
    #expect(origins() == [.dense, .dense, .sparse])
    // Dense steps over sparse ones make no dense pages.
    sequence.take(64)
    #expect(origins() == [.dense, .dense, .sparse, .sparse])
    sequence.truncate(to: 130)
    sequence.take(62)
    #expect(origins() == [.dense, .dense, .sparse])
    sequence.truncate(to: 128)
    sequence.take(60)
    for _ in 0..<70 { sequence.take(1, .deferred) }
    #expect(origins() == [.dense, .dense, .deferred, .deferred, nil])
    #expect(sequence.pages.map(\.isShareable) == [true, true, false, false, false])
  }

  @Test("a sequence adopts pages, and copies one before it writes into it")
  func adopts() throws {
    let pool = try pool(pages: 5)
    let copies = try #require(pool.memory as? FakePages)
    let memory = FakeMemory()
    let first = try sequence("llama3", capacity: 1024, in: pool, memory: memory)
    let second = try sequence("llama3", capacity: 1024, in: pool)
    first.take(128)
    let shared = first.pages
    second.adopt(shared)
    #expect(second.count == 128 && pool.used == 2)
    second.take(1)
    #expect(pool.used == 3 && copies.copies.isEmpty)
    #expect(second.pages.prefix(2).elementsEqual(shared, by: ===))
    // The first goes back into the second page, which others still have.
    first.truncate(to: 100)
    first.take(1)
    #expect(copies.copies.map(\.from) == [shared[1].place] && pool.used == 4)
    #expect(copies.copies.map(\.to) == [first.pages[1].place])
    #expect(memory.places == first.pages.map(\.place))
    #expect(second.pages[1] === shared[1] && shared[1].isDense && !first.pages[1].isDense)
    first.take(1)
    #expect(copies.copies.count == 1)
    // No room for a copy.
    second.truncate(to: 120)
    #expect(second.reserve(8) && pool.used == 4 && copies.copies.count == 2)
    second.clear()
    let third = try sequence("llama3", capacity: 64, in: pool)
    third.adopt([shared[0]])
    third.truncate(to: 3)
    let others = try sequence("llama3", capacity: 128, in: pool)
    others.take(128)
    #expect(pool.free == 0 && !third.reserve(1) && third.pages[0] === shared[0])
  }
}

/// The memory of a test's pages.
final class FakePages: PageMemory {
  nonisolated(unsafe) var copies: [(from: Int, to: Int)] = []
  nonisolated(unsafe) var released: [Range<Int>] = []

  func copy(_ place: Int, to other: Int) { copies.append((place, other)) }
  func release(_ places: Range<Int>) { released.append(places) }
}

final class FakeMemory: SequenceMemory {
  var places: [Int] = []
  var cuts: [Int] = []

  func put(_ page: CachePage, at index: Int) {
    places.removeLast(max(places.count - index - 1, 0))
    if index < places.count { places[index] = page.place } else { places.append(page.place) }
  }
  func adopt(_ count: Int) {}
  func truncate(to count: Int) { cuts.append(count) }
}

func configuration(_ name: String) throws -> ModelConfiguration {
  let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
  return try ModelConfiguration(
    huggingFace: try #require(checkpoint.config), file: checkpoint.path)
}

func pool(_ name: String = "llama3", pages: Int) throws -> PagePool {
  PagePool(try configuration(name), type: .f16, limit: pages, memory: FakePages())
}

func sequence(
  _ name: String, capacity: Int = 32, in own: PagePool? = nil, memory: FakeMemory = FakeMemory()
) throws -> SequenceState {
  try SequenceState(
    try configuration(name), capacity: capacity, in: own ?? pool(name, pages: 1), memory: memory)
}

extension SequenceState {
  /// As a step of so many rows does.
  fileprivate func take(
    _ count: Int, _ origin: CachePage.Origin = .dense, tokens: [Int32]? = nil
  ) {
    let hasRoom = reserve(count)
    #expect(hasRoom)
    (tokens ?? [Int32](repeating: 0, count: count)).withUnsafeBufferPointer { fill($0, origin) }
  }
}
