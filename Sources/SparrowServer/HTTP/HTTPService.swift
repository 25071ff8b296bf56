#if Server
  import HTTPTypes
  import Hummingbird
  import Logging
  import NIOCore
  import NIOPosix
  import ServiceLifecycle
  public import SparrowCore

  /// A server on a socket.
  public struct HTTPService: Sendable {
    private let options: ServerOptions
    private let server = ModelServer()

    public init(options: ServerOptions) { self.options = options }

    /// Serves until SIGTERM or Ctrl-C. `started` is given the port.
    ///
    /// Throws `.system` when it cannot listen there. Blocks the calling thread.
    public func run(started: @escaping @Sendable (Int) -> Void) throws(SparrowError) {
      // The engine needs the processors: one thread moves all bytes.
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      do {
        try group.any().makeFutureWithTask {
          try await application(on: group, started: started).runService()
        }.wait()
        try group.syncShutdownGracefully()
      } catch {
        throw SparrowError(.system, field: "port \(options.port)", found: "\(error)")
      }
    }

    private func application(
      on group: MultiThreadedEventLoopGroup, started: @escaping @Sendable (Int) -> Void
    ) -> Application<Answerer> {
      var logger = Logger(label: "sparrow")
      logger.logLevel = .error
      return Application(
        responder: Answerer(server: server),
        configuration: ApplicationConfiguration(
          address: .hostname(options.host, port: options.port), serverName: "sparrow"),
        onServerRunning: { started($0.localAddress?.port ?? 0) },
        eventLoopGroupProvider: .shared(group), logger: logger)
    }
  }

  /// Carries requests to the server and its answers back.
  private struct Answerer: HTTPResponder {
    let server: ModelServer

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
      let answer = await server.answer(
        ServerRequest(method: request.method.rawValue, path: request.uri.path))
      var headers = HTTPFields()
      for (name, value) in answer.headers {
        headers.append(HTTPField(name: .init(name)!, value: value))
      }
      return Response(
        status: .init(code: answer.status), headers: headers,
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
  }
#endif
