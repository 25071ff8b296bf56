#if Server
  import NIOCore
  import NIOPosix
  import Sparrow
  import Testing

  @testable import SparrowServer

  /// What only a socket shows.
  @Suite(.urgent) struct HTTPTests {
    private let scheduler: Scheduler

    init() throws {
      scheduler = try TestServer.model().scheduler(SchedulerOptions(context: 2048))
    }

    private func serve(
      _ change: (inout ServerOptions) -> Void = { _ in },
      _ body: (_ port: Int, _ group: MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
      let server = await SocketServer(scheduler, change: change)
      do {
        try await body(server.port, server.group)
      } catch {
        Issue.record(error)
      }
      try await server.stop()
    }

    private let long =
      #""prompt": "the", "max_tokens": 2000, "ignore_eos": true, "temperature": 0"#

    private func settle() async throws {
      for _ in 0..<400 where scheduler.statistics.running > 0 {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(scheduler.statistics.running == 0)
    }

    @Test func aConnectionTakesOneRequestAfterTheOther() async throws {
      try await serve { port, group in
        let client = try await RawClient(port: port, on: group)
        try await client.post("/v1/completions", #"{"prompt": "the", "max_tokens": 2}"#)
        #expect(try await client.read(until: "usage").contains("HTTP/1.1 200 OK"))
        try await client.send("GET /health HTTP/1.1\r\nHost: a\r\nX-Request-ID: mine\r\n\r\n")
        #expect(try await client.read(until: "version").contains("x-request-id: mine"))
        try await client.close()
      }
    }

    @Test func aStreamEndsWithItsMark() async throws {
      try await serve { port, group in
        let client = try await RawClient(port: port, on: group)
        try await client.post("/v1/completions", "{\(long), \"stream\": true, \"max_tokens\": 9}")
        let text = try await client.read(until: "[DONE]")
        #expect(text.contains("text/event-stream") && text.contains("data: [DONE]\n\n"))
        try await client.close()
      }
    }

    @Test(arguments: ["true", "false"])
    func aClientThatGoesFreesItsPlace(_ isStreamed: String) async throws {
      // More than can be done before a busy machine comes to close the connection.
      try await serve({ $0.choiceLimit = 128 }) { port, group in
        let client = try await RawClient(port: port, on: group)
        try await client.post(
          "/v1/completions", "{\(long), \"n\": 128, \"stream\": \(isStreamed)}")
        while scheduler.statistics.generatedTokens < 10 {
          try await Task.sleep(for: .milliseconds(2))
        }
        try await client.close()
        try await settle()
        #expect(scheduler.statistics.generatedTokens < 128 * 2000)
      }
    }

    @Test func tooMuchIsRefused() async throws {
      try await serve({ $0.bodyLimit = 1000 }) { port, group in
        let body = "{\"prompt\": \"" + String(repeating: "a", count: 2000) + "\"}"
        let client = try await RawClient(port: port, on: group)
        try await client.post("/v1/completions", body)
        #expect(try await client.read(until: "request_too_large").contains("HTTP/1.1 413"))
        let chunked = try await RawClient(port: port, on: group)
        try await chunked.send(
          "POST /tokenize HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + String(body.utf8.count, radix: 16) + "\r\n\(body)\r\n0\r\n\r\n")
        #expect(try await chunked.read(until: "request_too_large").contains("HTTP/1.1 413"))
        let headers = try await RawClient(port: port, on: group)
        let name = String(repeating: "x", count: 20 << 10)
        try await headers.send("GET /health HTTP/1.1\r\nHost: a\r\nX: \(name)\r\n\r\n")
        #expect(try await headers.read(until: "\r\n\r\n").contains("HTTP/1.1 400"))
        for client in [client, chunked] { try await client.close() }
      }
    }

    @Test func bodiesOfOthersMayFillTheMemory() async throws {
      try await serve({ ($0.bodyLimit, $0.bodyMemory) = (1 << 20, 0) }) { port, group in
        let head = "POST /tokenize HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
        let first = try await RawClient(port: port, on: group)
        try await first.send(head + String(repeating: " ", count: 900_000))
        func ask(_ body: String) async throws -> String {
          let client = try await RawClient(port: port, on: group)
          try await client.post("/tokenize", body)
          let answer = try await client.read(until: "}")
          try await client.close()
          return answer
        }
        func ask(until mark: String) async throws -> String {
          let body = #"{"prompt": "the"}"# + String(repeating: " ", count: 300_000)
          for _ in 0..<1000 {
            let answer = try await ask(body)
            if answer.contains(mark) { return answer }
          }
          return ""
        }
        let refusal = try await ask(until: "bodies_full")
        #expect(refusal.hasPrefix("HTTP/1.1 429") && refusal.contains("retry-after: 1"))
        #expect(try await ask(#"{"prompt": "the"}"#).hasPrefix("HTTP/1.1 200"))
        try await first.close()
        #expect(try await ask(until: "tokens").hasPrefix("HTTP/1.1 200"))
      }
    }

    @Test func aHeadHasNoBody() async throws {
      try await serve { port, group in
        let client = try await RawClient(port: port, on: group)
        for line in ["HEAD /health", "HEAD /tokenize", "GET /health"] {
          try await client.send(line + " HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        let text = try await client.read(until: "version")
        #expect(!text.contains("\r\n\r\n{\"error"))
        #expect(text.split(separator: "\r\n\r\n{").count == 2)
        #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("\r\n\r\nHTTP/1.1 405"))
        try await client.close()
      }
    }

    @Test func theKeyIsLookedAtBeforeTheBody() async throws {
      try await serve({ ($0.bodyLimit, $0.keys) = (1000, ["k"]) }) { port, group in
        let client = try await RawClient(port: port, on: group)
        try await client.post("/tokenize", String(repeating: "a", count: 2000))
        #expect(try await client.read(until: "invalid_api_key").contains("HTTP/1.1 401"))
        try await client.close()
      }
    }

    @Test func aBodyThatDoesNotEndIsClosed() async throws {
      try await serve({ $0.bodyTimeout = 0.1 }) { port, group in
        let client = try await RawClient(port: port, on: group)
        try await client.send("POST /tokenize HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        _ = try await client.read(until: "never")
        #expect(client.isClosed)
      }
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
      try await serve({ $0.idleTimeout = 0.1 }) { port, group in
        let client = try await RawClient(port: port, on: group)
        // On a busy machine it is closed before anything is said.
        try? await client.send("POST /tokenize HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        #expect(try await client.read(until: "never") == "")
        #expect(client.isClosed)
      }
    }
  }
#endif
