#if Server
  import NIOCore
  import NIOPosix
  import Sparrow
  import UnixSignals

  @testable import SparrowServer

  /// A server on a socket, for the length of a test.
  struct SocketServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// 0 for a unix socket, and where it did not start.
    let port: Int
    private let task: Task<Void, any Error>

    /// Serves on a free port, and begins to stop at one of `signals`.
    init(
      _ scheduler: Scheduler, signals: [UnixSignal] = [],
      change: (inout ServerOptions) -> Void = { _ in }
    ) async {
      var options = ServerOptions()
      options.port = 0
      change(&options)
      let (ports, port) = AsyncStream.makeStream(of: Int.self)
      let service = HTTPService(scheduler, options: options)
      task = Task { [group] in
        defer { port.finish() }
        try await service.serve(on: group, signals: signals) { port.yield($0) }
      }
      self.port = await ports.first { _ in true } ?? 0
    }

    /// What ends it, when it ends by itself.
    func end() async throws {
      do {
        try await task.value
      } catch {
        try await group.shutdownGracefully()
        throw error
      }
      try await group.shutdownGracefully()
    }

    func stop() async throws {
      task.cancel()
      try? await end()
    }
  }
#endif
