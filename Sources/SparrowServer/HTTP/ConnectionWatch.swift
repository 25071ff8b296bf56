#if Server
  import NIOCore

  /// Sees a connection's client go, also while nobody reads from it, and ends what lasts when the
  /// server stops.
  final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var presence: ClientPresence?
    private var isGone = false
    /// Seconds that a connection's last request has when the server stops.
    private let lastWait: Double

    /// Seconds after which the kernel gives up a client that takes nothing and answers nothing.
    private static let patience = 60
    /// Linux' TCP_USER_TIMEOUT, in milliseconds.
    private static let userTimeout = NIOBSDSocket.Option(rawValue: 18)

    init(lastWait: Double) { self.lastWait = lastWait }

    /// A request begins; it is told when the client goes.
    func begin(on channel: any Channel) -> ClientPresence {
      let presence = ClientPresence { channel.close(promise: nil) }
      if isGone { presence.leave() }
      self.presence = presence
      return presence
    }

    func handlerAdded(context: ChannelHandlerContext) {
      let channel = context.channel
      // A unix socket knows neither, and needs neither.
      _ = channel.setOption(ChannelOptions.socketOption(.so_keepalive), value: 1)
      #if os(Linux)
        _ = channel.setOption(
          ChannelOptions.tcpOption(Self.userTimeout), value: .init(Self.patience * 1000))
      #endif
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { leave() }
      if event is ChannelShouldQuiesceEvent {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .nanoseconds(Int64(lastWait * 1e9))) {
          channel.close(promise: nil)
        }
      }
      context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
      leave()
      context.fireChannelInactive()
    }

    private func leave() {
      isGone = true
      presence?.leave()
      presence = nil
    }
  }

  @available(*, unavailable)
  extension ConnectionWatch: Sendable {}
#endif
