#if Server
  import NIOCore
  import NIOPosix
  import Synchronization

  /// A connection on which a test writes whatever it likes.
  final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private final class Inbox: ChannelInboundHandler, Sendable {
      typealias InboundIn = ByteBuffer
      private let state = Mutex((text: "", isClosed: false))

      var text: String { state.withLock { $0.text } }
      var isClosed: Bool { state.withLock { $0.isClosed } }

      func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let more = String(buffer: unwrapInboundIn(data))
        state.withLock { $0.text += more }
      }

      func channelInactive(context: ChannelHandlerContext) {
        state.withLock { $0.isClosed = true }
      }
    }

    convenience init(port: Int, on group: any EventLoopGroup) async throws {
      try await self.init(on: group) { $0.connect(host: "127.0.0.1", port: port) }
    }

    convenience init(path: String, on group: any EventLoopGroup) async throws {
      try await self.init(on: group) { $0.connect(unixDomainSocketPath: path) }
    }

    private init(
      on group: any EventLoopGroup,
      _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) async throws {
      let inbox = Inbox()
      self.inbox = inbox
      channel = try await connect(
        ClientBootstrap(group: group).channelInitializer { $0.pipeline.addHandler(inbox) }
      ).get()
    }

    var isClosed: Bool { inbox.isClosed }

    func send(_ text: String) async throws {
      try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func post(_ path: String, _ body: String, _ headers: String = "") async throws {
      try await send(
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n"
          + body)
    }

    /// What has come once it holds `mark`, the connection is closed or ten seconds are over.
    func read(until mark: String) async throws -> String {
      for _ in 0..<2000 where !inbox.text.contains(mark) && !inbox.isClosed {
        try await Task.sleep(for: .milliseconds(5))
      }
      return inbox.text
    }

    func close() async throws { try await channel.close().get() }
  }
#endif
