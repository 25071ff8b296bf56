#if Server
  import ArgumentParser
  import CSparrowSystem
  import SparrowServer

  /// Where a server listens, and whom it lets in.
  struct ServerOptionGroup: ParsableArguments {
    @Option(parsing: .unconditional, help: "The address to listen at.")
    var host = ServerOptions().host

    @Option(parsing: .unconditional, help: "The port to listen at; 0 takes any that is free.")
    var port = ServerOptions().port

    @Option(
      parsing: .unconditional, help: "A unix socket to listen at in place of host and port.",
      completion: .file())
    var socket: String?

    @Option(
      parsing: .unconditionalSingleValue,
      help: """
        A key that requests must bring; may be given several times. (default: SPARROW_API_KEY of \
        the environment, else none)
        """)
    var apiKey: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: "An origin whose pages may ask, or * for all; may be given several times.")
    var corsOrigin: [String] = []

    @Option(parsing: .unconditional, help: "Seconds that a request may take, waiting included.")
    var timeout = ServerOptions().timeout

    @Option(
      parsing: .unconditional,
      help: "Bytes of a request's body, at most, as 16MB. (default: 16 MiB)",
      transform: MemorySize.bytes)
    var bodyLimit = ServerOptions().bodyLimit

    @Flag(help: "Score prompts as decoding computes them: harnesses then score the sparse kernels.")
    var scoreAsDecoding = false

    func validate() throws {
      guard (0...65535).contains(port) else {
        throw ValidationError("--port \(port): expected 0 to 65535")
      }
      guard timeout > 0, timeout <= 1e6 else {
        throw ValidationError("--timeout \(timeout): expected more than 0")
      }
      guard !apiKey.contains("") else { throw ValidationError("--api-key: expected a key") }
    }

    /// The options for a model that was asked for by `name`.
    func options(name: String) -> ServerOptions {
      var options = ServerOptions()
      options.host = host
      options.port = port
      options.socket = socket
      options.name = Self.short(name)
      options.keys = apiKey.isEmpty ? Self.environmentKeys : apiKey
      options.origins = corsOrigin
      options.timeout = timeout
      options.bodyLimit = bodyLimit
      options.scoresAsDecoding = scoreAsDecoding
      return options
    }

    /// What is told of where it listens, once the port is known.
    var place: @Sendable (Int) -> String {
      { [socket, host] port in
        if let socket { return socket }
        return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
      }
    }

    /// Of a path only the last part: where a model lies is no business of clients.
    private static func short(_ name: String) -> String {
      let last = name.split(separator: "/").last.map { String($0) } ?? name
      return last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last
    }

    private static var environmentKeys: [String] {
      guard let key = getenv("SPARROW_API_KEY"), key.pointee != 0 else { return [] }
      return [String(cString: key)]
    }
  }
#endif
