import Sparrow
import Testing

@testable import SparrowServer

@Suite struct FactTests {
  private let tiny: TestServer

  init() throws { tiny = try TestServer() }

  @Test func tokensComeAndGo() async throws {
    let found = try await tiny.json(
      "/tokenize", ["prompt": "the cat", "add_special_tokens": false, "return_token_strs": true])
    #expect(found["count"]?.int == found["tokens"]?.array?.count)
    #expect(found["token_strs"]?.array?.compactMap(\.string).joined() == "the cat")
    let text = try await tiny.json("/detokenize", ["tokens": found["tokens"]!])
    #expect(text["prompt"] == "the cat")
    let chat = try await tiny.json(
      "/tokenize", ["messages": [["role": "user", "content": "the cat"]]])
    #expect(chat["count"]!.int! > found["count"]!.int!)
    let facts = try await tiny.json("/tokenizer_info")
    #expect(facts["chat_template"]?.string == TestServer.template)
    #expect(await tiny.ask("/detokenize", #"{"tokens": [-1]}"#).status == 400)
  }

  @Test func metricsCountRequestsAndTokens() async throws {
    _ = try await tiny.json("/v1/completions", ["prompt": "the", "max_tokens": 3])
    _ = await tiny.ask("/v1/completions", "{}")
    let text = String(decoding: await tiny.ask("/metrics").bytes, as: UTF8.self)
    for line in [
      #"sparrow_requests_total{route="/v1/completions",status="200"} 1"#,
      #"sparrow_requests_total{route="/v1/completions",status="400"} 1"#,
      "sparrow_first_token_seconds_count 1", "# TYPE sparrow_token_seconds histogram",
      "sparrow_requests_running 0",
    ] {
      #expect(text.contains(line + "\n"), "\(line)")
    }
  }

  @Test func aLabelCannotBreakItsLine() {
    var text = PrometheusText()
    text.sample("a", [("b", "c\"\n\\")], 0.5)
    #expect(text.text == "sparrow_a{b=\"c\\\"\\n\\\\\"} 0.5\n")
  }
}
