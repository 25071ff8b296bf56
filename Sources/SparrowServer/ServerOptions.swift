/// Where a server listens.
public struct ServerOptions: Sendable {
  public var host = "127.0.0.1"
  /// 0 takes any port that is free.
  public var port = 8080

  public init() {}
}
