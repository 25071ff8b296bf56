import Sparrow
import SparrowTestSupport
import Testing

@testable import SparrowServer

/// Damaged bodies get an answer, or a refusal that is the client's fault.
@Suite struct BodyFuzzTests {
  private static let bodies: [(path: String, body: String)] = [
    (
      "/v1/completions",
      #"{"prompt":["a",[1,2]],"max_tokens":1,"n":2,"logprobs":2,"echo":true,"stop":["x"],"seed":4}"#
    ),
    (
      "/v1/chat/completions",
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"max_tokens":1,"#
        + #""logit_bias":{"5":2},"top_p":0.5,"logprobs":true,"top_logprobs":2,"stream":true,"#
        + #""response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object","#
        + #""properties":{"a":{"enum":["x",1]}},"required":["a"]}}}}"#
    ),
    (
      "/v1/chat/completions",
      #"{"messages":[{"role":"assistant","#
        + #""tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"#
        + #"{"role":"tool","content":"r","tool_call_id":"c"}],"max_completion_tokens":1,"#
        + #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"#
        + #""tool_choice":{"type":"function","function":{"name":"f"}}}"#
    ),
    (
      "/v1/responses",
      #"{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},"#
        + #"{"role":"user","content":"a"}],"instructions":"b","max_output_tokens":1,"stream":true}"#
    ),
    ("/tokenize", #"{"prompt":"a b","add_special_tokens":true,"return_token_strs":true}"#),
    ("/detokenize", #"{"tokens":[1,2,3]}"#),
  ]

  @Test func damagedBodiesAreTheClientsFault() async throws {
    let tiny = try TestServer { $0.choiceLimit = 4 }
    var mutator = Mutator(seed: 16)
    let donors = Self.bodies.map { Array($0.body.utf8) }
    var right = 0
    for run in 0..<2000 {
      let (path, body) = Self.bodies[run % Self.bodies.count]
      let damaged = mutator.mutate(Array(body.utf8), donors: donors)
      let answer = await tiny.server.answer(
        ServerRequest(method: "POST", path: path, body: damaged))
      #expect(answer.status < 500, "\(String(decoding: damaged, as: UTF8.self))")
      guard answer.status == 200 else { continue }
      right += 1
      if case .events(let write) = answer.body {
        var bytes: [UInt8] = []
        // A damaged length may ask for more than is worth waiting for.
        try? await write { part in
          bytes += part
          if bytes.count > 4000 { throw CancellationError() }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("server_error"))
      }
    }
    #expect(right > 200)
  }
}
