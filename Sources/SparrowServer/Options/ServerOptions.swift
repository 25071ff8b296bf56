/// Where a server listens, whom it lets in, and what a request may cost.
public struct ServerOptions: Sendable {
  public var host = "127.0.0.1"
  /// 0 takes any port that is free.
  public var port = 8080
  /// The path of a unix socket to listen at in place of host and port.
  public var socket: String?
  /// The model's name in answers.
  public var name = "model"
  /// A request must bring one of these, but for `/health` and the page at `/`; none lets everybody
  /// in.
  public var keys: [String] = []
  /// Origins whose pages may ask; `*` is all of them.
  public var origins: [String] = []
  /// Bytes of a request's body, at most.
  public var bodyLimit = 16 << 20
  /// Bytes of all bodies that are read at once, at most, where that is more than one body's; the
  /// first 64 KiB of each are not counted.
  public var bodyMemory = 128 << 20
  /// Choices of one request, at most: its prompts times `n`. Where an idle scheduler takes fewer,
  /// so many.
  public var choiceLimit = 128
  /// Connections that are open at once, at most.
  public var connectionLimit = 1024
  /// Seconds that one request may take, waiting included.
  public var timeout = 600.0
  /// Seconds after which a connection is closed whose request's body has not come whole.
  public var bodyTimeout = 60.0
  /// Seconds after which a connection is closed that has no request, or whose client takes nothing
  /// of a stream.
  public var idleTimeout = 60.0
  /// Seconds of silence after which a stream gets a comment, so that nobody takes it for dead.
  public var pingInterval = 15.0
  /// Seconds that running requests have to end when the server stops; as long again, and the
  /// connections that are left are closed.
  public var stopTimeout = 10.0
  /// Scores prompts as decoding computes them, so that harnesses measure the sparse kernels.
  public var scoresAsDecoding = false

  public init() {}
}
