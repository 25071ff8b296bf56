import Testing

@testable import SparrowCore

@Suite struct WorkerPoolTests {
  /// Fewer threads than processors, as many, and far more.
  static let counts = [1, 2, 3, 7, 16]

  @Test("each worker runs each job once, and the caller is the first", arguments: counts)
  func jobs(count: Int) throws {
    let pool = try WorkerPool(count: count)
    let slots = Slots(count)
    for job in 1...500 {
      pool.run { worker in
        slots[worker.index] += 1
      }
      #expect(slots.all { $0 == job })
    }
  }

  @Test("behind a barrier everybody sees what all did before it", arguments: counts)
  func barriers(count: Int) throws {
    try Self.checkBarriers(WorkerPool(count: count), rounds: 2000)
  }

  @Test("the same when nobody has patience and every wait is a sleep", arguments: counts)
  func parking(count: Int) throws {
    let pool = try WorkerPool(count: count, patience: .none)
    try Self.checkBarriers(pool, rounds: 300)
    // Sleeping between jobs too.
    for _ in 0..<300 { try Self.checkBarriers(pool, rounds: 1) }
  }

  /// Each worker adds up what all wrote before the barrier; a second barrier lets them write again.
  static func checkBarriers(_ pool: WorkerPool, rounds: Int) throws {
    let values = Slots(pool.count)
    let wrong = Slots(pool.count)
    pool.run { worker in
      for round in 0..<rounds {
        values[worker.index] = round * (worker.index + 1)
        worker.barrier()
        let sum = (0..<worker.count).reduce(0) { $0 + values[$1] }
        if sum != round * worker.count * (worker.count + 1) / 2 { wrong[worker.index] += 1 }
        worker.barrier()
      }
    }
    #expect(wrong.all { $0 == 0 })
  }

  @Test("workers that come late are waited for, and those that wait for them wake")
  func lateness() throws {
    let pool = try WorkerPool(count: 4)
    for late in 0..<4 {
      let done = Slots(4)
      pool.run { worker in
        if worker.index == late { pause(milliseconds: 12) }
        worker.barrier()
        done[worker.index] = 1
      }
      #expect(done.all { $0 == 1 })
      // Longer than workers spin between jobs.
      pause(milliseconds: 8)
    }
  }

  @Test("pools close whatever their threads are at, and leave no thread")
  func closing() throws {
    for round in 0..<100 {
      let pool = try WorkerPool(count: 1 + round % 5, patience: round % 2 == 0 ? .none : .usual)
      if round % 3 == 0 { pool.run { $0.barrier() } }
    }
    let weak = Weak()
    do {
      let pool = try WorkerPool(count: 3)
      weak.pool = pool
      pool.run { _ in }
    }
    #expect(weak.pool == nil)
  }

  @Test("many pools run side by side")
  func manyPools() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<12 {
        group.addTask {
          let pool = try WorkerPool(count: 1 + index % 4)
          for _ in 0..<20 { try Self.checkBarriers(pool, rounds: 10) }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("shares are whole units, in order, and all there is", arguments: counts)
  func shares(count: Int) throws {
    let pool = try WorkerPool(count: count)
    for (total, unit) in [(0, 1), (1, 16), (100, 16), (97, 1), (64, 64), (1000, 7)] {
      let starts = Slots(count)
      let ends = Slots(count)
      pool.run { worker in
        let share = worker.share(of: total, unit: unit)
        starts[worker.index] = share.lowerBound
        ends[worker.index] = share.upperBound
      }
      #expect(starts[0] == 0 && ends[count - 1] == total)
      for index in 1..<count {
        #expect(starts[index] == ends[index - 1])
        #expect(starts[index] % unit == 0 || starts[index] == total)
      }
    }
  }

  @Test("a pool of no threads, or of more than 256, is refused", arguments: [0, -1, 257, .max])
  func limits(count: Int) {
    let error = #expect(throws: SparrowError.self) { try WorkerPool(count: count) }
    #expect(error?.kind == .argument)
  }

  @Test("a job within a job ends the process instead of hanging")
  func nesting() async {
    await #expect(processExitsWith: .failure) {
      let pool = try WorkerPool(count: 2)
      pool.run { worker in
        if worker.index == 0 { pool.run { _ in } }
      }
    }
  }
}

/// A number for each worker, on lines of their own.
private final class Slots: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Int>
  private static let gap = 16

  init(_ count: Int) {
    memory = .allocate(capacity: Self.gap * count)
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  subscript(index: Int) -> Int {
    get { memory[Self.gap * index] }
    set { memory[Self.gap * index] = newValue }
  }

  func all(_ condition: (Int) -> Bool) -> Bool {
    stride(from: 0, to: memory.count, by: Self.gap).allSatisfy { condition(memory[$0]) }
  }
}

private final class Weak { weak var pool: WorkerPool? }

private func pause(milliseconds: Double) {
  let end = monotonicSeconds() + milliseconds * 1e-3
  while monotonicSeconds() < end {}
}
