#if Server
  import CSparrowSystem
  import NIOCore
  import NIOPosix
  import Sparrow
  import SparrowTestSupport
  import Testing
  import UnixSignals

  @testable import SparrowServer

  /// How a server on a socket begins and ends.
  @Suite(.urgent) struct HTTPEndTests {
    private let scheduler: Scheduler

    init() throws { scheduler = try TestServer.model().scheduler(SchedulerOptions(context: 512)) }

    @Test func anUploadThatDoesNotEndIsNotWaitedFor() async throws {
      let server = await SocketServer(scheduler, signals: [.sigusr1]) {
        ($0.stopTimeout, $0.idleTimeout, $0.bodyTimeout) = (0.1, 3600, 3600)
      }
      let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let client = try await RawClient(port: server.port, on: clients)
      try await client.post("/tokenize", #"{"prompt": "a"}"#)
      #expect(try await client.read(until: "count").contains("200 OK"))
      try await client.send("POST /tokenize HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
      kill(getpid(), SIGUSR1)
      try await server.end()
      _ = try await client.read(until: "never")
      #expect(client.isClosed)
      try await clients.shutdownGracefully()
    }

    @Test func aSocketsFileIsItsServers() async throws {
      let folder = try TemporaryFolder()
      let path = folder.file("socket")
      let first = await SocketServer(scheduler) { $0.socket = path }
      let second = await SocketServer(scheduler) { $0.socket = path }
      await #expect(throws: SparrowError.self) { try await second.end() }
      let client = try await RawClient(path: path, on: first.group)
      try await client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.read(until: "version").contains("200 OK"))
      try await client.close()
      try await first.stop()
      #expect(folder.names == [])
    }

    @Test func aFileThatADeadServerLeftIsReplaced() async throws {
      let folder = try TemporaryFolder()
      let path = folder.file("socket")
      let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let dead = try await ServerBootstrap(group: clients).bind(unixDomainSocketPath: path).get()
      // Closing removes its own file, which dying does not.
      #expect(link(path, folder.file("left")) == 0)
      try await dead.close()
      #expect(rename(folder.file("left"), path) == 0)
      #expect(folder.names == ["socket"])
      let server = await SocketServer(scheduler) { $0.socket = path }
      let client = try await RawClient(path: path, on: clients)
      try await client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.read(until: "version").contains("200 OK"))
      try await client.close()
      try await server.stop()
      #expect(folder.names == [])
      try await clients.shutdownGracefully()
    }
  }
#endif
