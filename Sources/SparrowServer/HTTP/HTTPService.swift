#if Server
  import Hummingbird
  import HummingbirdCore
  import Logging
  import NIOCore
  import NIOPosix
  import ServiceLifecycle
  import UnixSignals
  public import Sparrow

  /// A server on a socket.
  public struct HTTPService: Sendable {
    private let scheduler: Scheduler
    private let options: ServerOptions

    /// Serves the requests of a scheduler's model.
    public init(_ scheduler: Scheduler, options: ServerOptions = ServerOptions()) {
      self.scheduler = scheduler
      self.options = options
    }

    /// Serves until SIGTERM or Ctrl-C; requests that run then have `stopTimeout` to end. `started`
    /// is given the port, 0 for a unix socket, whose file is removed at the end.
    ///
    /// Throws `.system` when it cannot listen there, as where another process does. Blocks the
    /// calling thread.
    public func run(started: @escaping @Sendable (Int) -> Void) throws(SparrowError) {
      // The engine needs the processors: one thread moves all bytes.
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      do {
        try group.any().makeFutureWithTask {
          try await serve(on: group, signals: [.sigterm, .sigint], started: started)
        }.wait()
        try group.syncShutdownGracefully()
      } catch let error as SparrowError {
        throw error
      } catch {
        let place = options.socket ?? "\(options.host):\(options.port)"
        throw SparrowError(.system, file: place, found: "\(error)", expected: "a free address")
      }
    }

    /// Serves until a signal comes or the task is cancelled.
    func serve(
      on group: MultiThreadedEventLoopGroup, signals: [UnixSignal] = [],
      started: @escaping @Sendable (Int) -> Void
    ) async throws {
      var logger = Logger(label: "sparrow")
      logger.logLevel = .error
      if let path = options.socket { try await SocketFile.claim(path, on: group) }
      let application = application(on: group, logger, started: started)
      let ending = SchedulerService(scheduler: scheduler, patience: options.stopTimeout)
      // The last one is stopped first: requests end, then connections.
      let services = ServiceGroup(
        configuration: .init(
          services: [.init(service: application), .init(service: ending)],
          gracefulShutdownSignals: signals, logger: logger))
      try await services.run()
    }

    private func application(
      on group: MultiThreadedEventLoopGroup, _ logger: Logger,
      started: @escaping @Sendable (Int) -> Void
    ) -> Application<HTTPAnswerer> {
      let answerer = HTTPAnswerer(
        server: ModelServer(scheduler, options), executor: LoopExecutor(group.any()),
        bodies: BodyBudget(limit: max(options.bodyMemory, options.bodyLimit)))
      let channel = HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionWatch(lastWait: options.stopTimeout)],
        idleTimeout: .nanoseconds(Int64(options.idleTimeout * 1e9)),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))
      let address =
        options.socket.map { BindAddress.unixDomainSocket(path: $0) }
        ?? .hostname(options.host, port: options.port)
      return Application(
        responder: answerer, server: .http1(configuration: channel),
        configuration: ApplicationConfiguration(
          address: address, serverName: "sparrow",
          availableConnectionsDelegate: MaximumAvailableConnections(
            options.connectionLimit, logger: logger)),
        onServerRunning: { started($0.localAddress?.port ?? 0) },
        eventLoopGroupProvider: .shared(group), logger: logger)
    }
  }

  /// Lets requests end when the server stops.
  private struct SchedulerService: Service {
    let scheduler: Scheduler
    let patience: Double

    func run() async throws {
      try await gracefulShutdown()
      await scheduler.stop(within: .seconds(patience))
    }
  }
#endif
