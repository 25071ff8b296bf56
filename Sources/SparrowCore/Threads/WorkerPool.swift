internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Threads that run one job together, with barriers inside the job.
///
/// A fork and join of spinning threads costs 0.2 µs. Swift's own executors are not used: kernels
/// never run on the cooperative pool. Threads are not bound to processors: where others run too,
/// the system moves them to where there is room. One job runs at a time; a second caller traps.
public final class WorkerPool: @unchecked Sendable {
  /// Workers, the calling thread included.
  public let count: Int
  private let shared: SharedState
  private let threads: [pthread_t]

  /// Starts `count - 1` threads. Throws `.argument` unless 1...256, `.system` when a thread cannot
  /// start.
  public convenience init(count: Int) throws(SparrowError) {
    try self.init(count: count, patience: .usual)
  }

  /// The same with waits that end in a sleep sooner or later than usual.
  init(count: Int, patience: Patience) throws(SparrowError) {
    guard (1...256).contains(count) else {
      throw SparrowError(
        .argument, field: "threads", found: "\(count)", expected: "a number from 1 to 256")
    }
    self.count = count
    shared = SharedState(count: count, patience: patience)
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
    shared.begin(job)
    job(Worker(index: 0, count: count, shared: shared))
    shared.end()
  }
}

/// For how many nanoseconds threads stay awake before they sleep.
struct Patience: Sendable {
  let atBarriers: Int64
  /// The caller does more between two jobs than workers between two barriers.
  let betweenJobs: Int64

  /// As long as waking a thread takes at worst: waiting costs at most twice what it had to.
  static let usual = Patience(atBarriers: 50_000, betweenJobs: 5_000_000)
  static let none = Patience(atBarriers: 0, betweenJobs: 0)
}

/// One thread's share of a job.
public struct Worker {
  /// 0 for the calling thread.
  public let index: Int
  public let count: Int
  fileprivate unowned(unsafe) let shared: SharedState

  /// Waits until every worker has come here.
  public func barrier() {
    if count > 1 { shared.barrier(index) }
  }

  /// This worker's part of `0..<total`, in whole multiples of `unit`.
  public func share(of total: Int, unit: Int = 1) -> Range<Int> {
    let units = (total + unit - 1) / unit
    let start = units * index / count * unit
    let end = units * (index + 1) / count * unit
    return min(start, total)..<min(end, total)
  }
}

/// What the threads of a pool share: words on cache lines of their own.
private final class SharedState: @unchecked Sendable {
  let count: Int
  private var job: ((Worker) -> Void)?
  private let memory: UnsafeMutableRawPointer
  /// A turn for each job.
  private let jobs: Turnstile
  /// A turn for each barrier, the end of a job being one.
  private let barriers: Turnstile
  /// Threads that have come to the barrier.
  private let arrived: UnsafeMutablePointer<Atomic<UInt32>>
  private let isRunning: UnsafeMutablePointer<Atomic<Bool>>
  private let stopping: UnsafeMutablePointer<Atomic<Bool>>
  private let patience: Patience
  /// Each worker's own, a line apart.
  private let spins: UnsafeMutableRawPointer

  private static let line = 128

  init(count: Int, patience: Patience) {
    self.count = count
    self.patience = patience
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: (5 + count) * Self.line, alignment: Self.line)
    memory = base
    func flag(_ index: Int) -> UnsafeMutablePointer<Atomic<Bool>> {
      let pointer = (base + index * Self.line).bindMemory(to: Atomic<Bool>.self, capacity: 1)
      pointer.initialize(to: Atomic(false))
      return pointer
    }
    jobs = Turnstile(base)
    barriers = Turnstile(base + Self.line)
    arrived = (base + 2 * Self.line).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    arrived.initialize(to: Atomic(0))
    isRunning = flag(3)
    stopping = flag(4)
    spins = base + 5 * Self.line
    for index in 0..<count {
      (spins + index * Self.line).bindMemory(to: Spin.self, capacity: 1).initialize(to: Spin())
    }
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

  func begin(_ job: @escaping (Worker) -> Void) {
    let wasRunning = isRunning.pointee.exchange(true, ordering: .acquiring)
    precondition(!wasRunning, "a pool runs one job at a time")
    guard count > 1 else { return }
    self.job = job
    jobs.advance()
  }

  func end() {
    if count > 1 {
      barrier(0)
      job = nil
    }
    isRunning.pointee.store(false, ordering: .releasing)
  }

  func stop() {
    stopping.pointee.store(true, ordering: .relaxed)
    jobs.advance()
  }

  func barrier(_ index: Int) {
    let turn = barriers.turn
    let here = arrived.pointee.add(1, ordering: .acquiringAndReleasing).newValue
    if here == UInt32(count) {
      arrived.pointee.store(0, ordering: .relaxed)
      barriers.advance()
    } else {
      barriers.wait(
        after: turn, patience: patience.atBarriers, spin: &spin(of: index).pointee)
    }
  }

  func work(index: Int) {
    var turn: UInt32 = 0
    while true {
      jobs.wait(after: turn, patience: patience.betweenJobs, spin: &spin(of: index).pointee)
      turn &+= 2
      if stopping.pointee.load(ordering: .relaxed) { return }
      job?(Worker(index: index, count: count, shared: self))
      barrier(index)
    }
  }

  private func spin(of index: Int) -> UnsafeMutablePointer<Spin> {
    (spins + index * Self.line).assumingMemoryBound(to: Spin.self)
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
