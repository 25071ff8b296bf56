#if Server
  import NIOCore

  /// Runs tasks on an event loop's thread, so that a token goes from the scheduler to the socket
  /// with one thread woken.
  final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      let executor = asUnownedTaskExecutor()
      loop.execute { job.runSynchronously(on: executor) }
    }
  }
#endif
