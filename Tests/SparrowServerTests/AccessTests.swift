import Sparrow
import Testing

@testable import SparrowServer

@Suite struct AccessTests {
  @Test func everyRouteButHealthWantsAKey() async throws {
    let tiny = try TestServer { $0.keys = ["one", "two"] }
    #expect(await tiny.ask("/health").status == 200)
    for path in ["/v1/models", "/v1/models/tiny", "/metrics", "/v1/sparsity", "/tokenizer_info"] {
      #expect(await tiny.ask(path).status == 401)
      for header in [("authorization", "Bearer two"), ("x-api-key", "one")] {
        #expect(await tiny.ask(path, headers: [header]).status == 200)
      }
    }
    let wrong = await tiny.ask(
      "/v1/completions", "{}", headers: [("authorization", "Bearer onetwo")])
    #expect(wrong.status == 401)
    #expect(try wrong.json["error", "code"] == "invalid_api_key")
  }

  @Test func onlyBodiesThatAreAskedForAreRead() throws {
    let server = try TestServer { $0.keys = ["k"] }.server
    func admits(_ method: String, _ path: String, _ key: String = "k") -> Bool {
      server.admits(ServerRequest(method: method, path: path, headers: [("x-api-key", key)]))
    }
    #expect(admits("POST", "/tokenize"))
    #expect(!admits("POST", "/tokenize", "l") && !admits("POST", "/other"))
    #expect(!admits("GET", "/health") && !admits("PUT", "/tokenize"))
  }

  @Test func pathsAndMethodsAreRefusedInOneShape() async throws {
    let tiny = try TestServer()
    let missing = await tiny.ask("/v2/models")
    #expect(missing.status == 404)
    let members = try missing.json["error"]?.members?.map(\.key)
    #expect(members == ["message", "type", "param", "code"])
    for (path, body, methods) in [
      ("/v1/completions", nil, "POST"), ("/health", "{}", "GET, HEAD"),
    ] {
      let answer = await tiny.ask(path, body)
      #expect(answer.status == 405 && answer[header: "allow"] == methods)
    }
    #expect(await tiny.ask("/health", method: "HEAD").status == 200)
    #expect(await tiny.ask("/v1/models/other").status == 404)
    #expect(await tiny.ask("/v1/models/t%69ny").status == 200)
  }

  @Test func onlyKnownOriginsMayRead() async throws {
    let tiny = try TestServer {
      $0.origins = ["http://a.example"]
      $0.keys = ["k"]
    }
    let asked = ("access-control-request-method", "POST")
    let preflight = await tiny.ask(
      "/v1/completions", method: "OPTIONS", headers: [("origin", "http://a.example"), asked])
    #expect(preflight.status == 204)
    #expect(preflight[header: "access-control-allow-origin"] == "http://a.example")
    let other = await tiny.ask("/health", headers: [("origin", "http://b.example")])
    #expect(other[header: "access-control-allow-origin"] == nil)
    let all = try TestServer { $0.origins = ["*"] }
    let any = await all.ask("/health", headers: [("origin", "http://b.example")])
    #expect(any[header: "access-control-allow-origin"] == "*")
  }

  @Test func pagesMaySendAnyHeaderAndReadTheRequestsName() async throws {
    let tiny = try TestServer { $0.origins = ["http://a.example"] }
    let origin = ("origin", "http://a.example")
    let preflight = await tiny.ask(
      "/v1/completions", method: "OPTIONS",
      headers: [
        origin, ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-stainless-os"),
      ])
    #expect(
      preflight[header: "access-control-allow-headers"] == "content-type,x-stainless-os")
    let answer = await tiny.ask("/health", headers: [origin])
    #expect(answer[header: "access-control-expose-headers"]?.contains("x-request-id") == true)
  }

  @Test func requestsHaveNames() async throws {
    let tiny = try TestServer()
    let answer = await tiny.server.answer(ServerRequest(path: "/health", id: "mine"))
    #expect(answer[header: "x-request-id"] == "mine")
    #expect(Identifier.given("a\u{7}b") == nil && Identifier.given("é") == nil)
    #expect(Identifier.given("req-1") == "req-1")
  }

  @Test func aFullQueueIsTold() async throws {
    let tiny = try TestServer(
      TestServer.model(), SchedulerOptions(parallel: 1, waiting: 1, context: 512))
    let body: JSON = [
      "prompt": "the", "n": 2, "max_tokens": 400, "ignore_eos": true, "stream": true,
    ]
    // Nobody reads it, so that it stays.
    let first = await tiny.ask("/v1/completions", body.text())
    let answer = await tiny.ask("/v1/completions", body.text())
    #expect(first.status == 200)
    #expect(answer.status == 429 && answer[header: "retry-after"] == "1")
    #expect(try answer.json["error", "type"] == "rate_limit_error")
  }

  @Test func aRequestThatTakesTooLongEnds() async throws {
    let tiny = try TestServer { $0.timeout = 0.05 }
    let body: JSON = ["prompt": "the", "n": 64, "max_tokens": 480, "ignore_eos": true]
    #expect(await tiny.ask("/v1/completions", body.text()).status == 408)
  }
}
