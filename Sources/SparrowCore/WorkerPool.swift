internal import CSparrowSystem
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Pinned threads that run one job together, with barriers inside the job.
///
/// Workers spin for about five milliseconds after a job and then park, since waking a parked thread costs
/// 20-50 µs and a fork and join of spinning ones 0.2 µs. Swift's own executors are not used: kernels never
/// run on the cooperative pool. One job runs at a time; a second caller traps.
public final class WorkerPool: @unchecked Sendable {
  /// Workers, the calling thread included.
  public let count: Int
  private let shared: SharedState
  private let threads: [pthread_t]

  /// Starts `count - 1` threads. Throws `.argument` unless 1...256, `.system` when a thread cannot start.
  public init(count: Int) throws(SparrowError) {
    guard (1...256).contains(count) else {
      throw SparrowError(
        .argument, field: "threads", found: "\(count)", expected: "a number from 1 to 256")
    }
    self.count = count
    shared = SharedState(count: count)
    var started: [pthread_t] = []
    for index in 1..<max(1, count) {
      guard let thread = shared.startThread(index: index) else {
        shared.stop()
        started.forEach { pthread_join($0, nil) }
        throw SparrowError(.system, field: "threads", found: "a thread could not be started")
      }
      started.append(thread)
    }
    threads = started
  }

  deinit {
    shared.stop()
    threads.forEach { pthread_join($0, nil) }
  }

  /// Runs `job` on every worker, the caller being worker 0, and returns when all are done.
  public func run(_ job: (Worker) -> Void) {
    withoutActuallyEscaping(job) { runKept($0) }
  }

  /// As `run`, for a closure that the caller made once and keeps: nothing is then allocated.
  public func runKept(_ job: @escaping (Worker) -> Void) {
    shared.job = job
    shared.begin()
    job(Worker(index: 0, count: count, shared: shared))
    shared.awaitOthers()
    shared.job = nil
  }
}

/// One thread's share of a job.
public struct Worker {
  /// 0 for the calling thread.
  public let index: Int
  public let count: Int
  fileprivate unowned(unsafe) let shared: SharedState

  /// Waits until every worker has come here.
  public func barrier() {
    if count > 1 { shared.barrier() }
  }

  /// This worker's part of `0..<total`, in whole multiples of `unit`.
  public func share(of total: Int, unit: Int = 1) -> Range<Int> {
    let units = (total + unit - 1) / unit
    let start = units * index / count * unit
    let end = units * (index + 1) / count * unit
    return min(start, total)..<min(end, total)
  }
}

/// What the threads of a pool share: atomics on cache lines of their own.
private final class SharedState: @unchecked Sendable {
  let count: Int
  var job: ((Worker) -> Void)?
  private let memory: UnsafeMutableRawPointer
  /// Counts jobs; the threads wait for it to move.
  private let epoch: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that are done with the job.
  private let finished: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that have come to the barrier.
  private let arrived: UnsafeMutablePointer<Atomic<UInt32>>
  /// Counts barriers passed.
  private let passed: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that sleep.
  private let parked: UnsafeMutablePointer<Atomic<UInt32>>
  private let stopping: UnsafeMutablePointer<Atomic<Bool>>

  private static let line = 128
  private static let spinNanoseconds: Int64 = 5_000_000

  init(count: Int) {
    self.count = count
    let base = UnsafeMutableRawPointer.allocate(byteCount: 6 * Self.line, alignment: Self.line)
    memory = base
    func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
      let pointer = (base + index * Self.line).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
      pointer.initialize(to: Atomic(0))
      return pointer
    }
    epoch = word(0)
    finished = word(1)
    arrived = word(2)
    passed = word(3)
    parked = word(4)
    stopping = (base + 5 * Self.line).bindMemory(to: Atomic<Bool>.self, capacity: 1)
    stopping.initialize(to: Atomic(false))
  }

  deinit { memory.deallocate() }

  func startThread(index: Int) -> pthread_t? {
    let start = ThreadStart(index: index, shared: self)
    let argument = Unmanaged.passRetained(start).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
      let status = pthread_create(&thread, nil, { enterThread($0) }, argument)
    #else
      var thread = pthread_t()
      let status = pthread_create(&thread, nil, { enterThread($0!) }, argument)
    #endif
    guard status == 0 else {
      Unmanaged<ThreadStart>.fromOpaque(argument).release()
      return nil
    }
    return thread
  }

  func begin() {
    finished.pointee.store(0, ordering: .relaxed)
    wakeUp()
  }

  func stop() {
    stopping.pointee.store(true, ordering: .relaxed)
    wakeUp()
  }

  private func wakeUp() {
    epoch.pointee.add(1, ordering: .sequentiallyConsistent)
    if parked.pointee.load(ordering: .sequentiallyConsistent) > 0 {
      ss_wake_all(UnsafeMutableRawPointer(epoch).assumingMemoryBound(to: UInt32.self))
    }
  }

  func awaitOthers() {
    spin { finished.pointee.load(ordering: .acquiring) == UInt32(count - 1) }
  }

  func barrier() {
    let turn = passed.pointee.load(ordering: .relaxed)
    let here = arrived.pointee.add(1, ordering: .acquiringAndReleasing).newValue
    if here == UInt32(count) {
      arrived.pointee.store(0, ordering: .relaxed)
      passed.pointee.store(turn &+ 1, ordering: .releasing)
    } else {
      spin { passed.pointee.load(ordering: .acquiring) != turn }
    }
  }

  /// Spins until `done`, yielding the processor now and then in case there are more threads than cores.
  @inline(__always)
  private func spin(until done: () -> Bool) {
    var turns = 0
    while !done() {
      ss_pause()
      turns += 1
      if turns % 4096 == 0 { sched_yield() }
    }
  }

  func work(index: Int) {
    ss_pin_thread(Int32(index))
    var seen: UInt32 = 0
    while true {
      seen = awaitEpoch(after: seen)
      if stopping.pointee.load(ordering: .relaxed) { return }
      job?(Worker(index: index, count: count, shared: self))
      finished.pointee.add(1, ordering: .releasing)
    }
  }

  private func awaitEpoch(after seen: UInt32) -> UInt32 {
    let start = ss_nanoseconds()
    var turns = 0
    while true {
      let now = epoch.pointee.load(ordering: .acquiring)
      if now != seen { return now }
      ss_pause()
      turns += 1
      guard turns % 256 == 0, ss_nanoseconds() - start > Self.spinNanoseconds else { continue }
      parked.pointee.add(1, ordering: .sequentiallyConsistent)
      if epoch.pointee.load(ordering: .sequentiallyConsistent) == seen {
        ss_wait(UnsafeMutableRawPointer(epoch).assumingMemoryBound(to: UInt32.self), seen)
      }
      parked.pointee.subtract(1, ordering: .sequentiallyConsistent)
    }
  }
}

private final class ThreadStart {
  let index: Int
  let shared: SharedState
  init(index: Int, shared: SharedState) {
    self.index = index
    self.shared = shared
  }
}

private func enterThread(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
  start.shared.work(index: start.index)
  return nil
}
