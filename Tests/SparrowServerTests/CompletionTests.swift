import Sparrow
import SparrowTestModels
import Testing

@testable import SparrowServer

@Suite struct CompletionTests {
  private let path = "/v1/completions"
  private let tiny: TestServer

  init() throws { tiny = try TestServer() }

  private func body(_ prompt: JSON, _ more: [(key: String, value: JSON)] = []) -> JSON {
    let usual: [(key: String, value: JSON)] = [
      ("prompt", prompt), ("max_tokens", 8), ("temperature", 0), ("ignore_eos", true),
    ]
    return .object(usual + more)
  }

  private func texts(_ answer: JSON) -> [String] {
    (answer["choices"]?.array ?? []).map { $0["text"]?.string ?? "" }
  }

  @Test func promptsComeInFourShapes() async throws {
    let ids = ["the cat", "in a"].map { text -> JSON in
      .array(tiny.server.service.tokenizer.encode(text).map { .integer(Int($0)) })
    }
    let one = try await tiny.json(path, body("the cat"))
    let two = try await tiny.json(path, body("in a"))
    let alone = texts(one) + texts(two)
    #expect(alone.count == 2)
    #expect(texts(try await tiny.json(path, body(["the cat", "in a"]))) == alone)
    #expect(texts(try await tiny.json(path, body(ids[0]))) == [alone[0]])
    #expect(texts(try await tiny.json(path, body(.array(ids)))) == alone)
    #expect(one["usage", "completion_tokens"] == 8)
    #expect(one["choices", 0, "finish_reason"] == "length")
  }

  @Test func choicesThatNeverFindRoomAreRefusedByName() async throws {
    let tiny = try TestServer(
      TestServer.model(), SchedulerOptions(parallel: 1, waiting: 2, context: 512))
    for (prompt, n, field) in [
      ("the", 4, "n"), (["the", "a"], 2, "n"), (["the", "a", "in", "cat"], 1, "prompt"),
    ] as [(JSON, Int, JSON)] {
      let answer = await tiny.ask(path, body(prompt, [("n", .integer(n))]).text())
      #expect(answer.status == 400)
      #expect(try answer.json["error", "param"] == field)
    }
    #expect(texts(try await tiny.json(path, body("the", [("n", 3)]))).count == 3)
  }

  @Test func aStreamGivesTheSameText() async throws {
    let more: [(key: String, value: JSON)] = [
      ("stream", true), ("stream_options", ["include_usage": true]),
    ]
    let chunks = try await tiny.events(path, body("the cat", more))
    let text = chunks.map { $0["choices", 0, "text"].string ?? "" }.joined()
    #expect([text] == texts(try await tiny.json(path, body("the cat"))))
    #expect(chunks.last == JSON.null)
    #expect(chunks[chunks.count - 2]["usage", "completion_tokens"] == 8)
    #expect(chunks[chunks.count - 2]["choices"] == [])
    #expect(chunks[chunks.count - 3]["choices", 0, "finish_reason"] == "length")
  }

  @Test func optionsOfStreamsWantAStream() async throws {
    let options: JSON = ["include_usage": true]
    let answer = await tiny.ask(path, body("the cat", [("stream_options", options)]).text())
    #expect(answer.status == 400)
    #expect(try answer.json["error", "param"] == "stream_options")
  }

  @Test func aPromptBeyondTheContextIsToldAsSuch() async throws {
    let ids = JSON.array(Array(repeating: .integer(5), count: 600))
    let answer = await tiny.ask(path, body(ids).text())
    #expect(answer.status == 400)
    #expect(try answer.json["error", "code"] == "context_length_exceeded")
    #expect(try answer.json["error", "param"] == "prompt")
  }

  @Test func answersSayWhatMadeThem() async throws {
    let whole = try await tiny.json(path, body("the cat"))
    let chunks = try await tiny.events(path, body("the cat", [("stream", true)]))
    #expect(whole["system_fingerprint"].string?.hasPrefix("fp_") == true)
    #expect(chunks[0]["system_fingerprint"] == whole["system_fingerprint"])
    #expect(whole["id"].string?.hasPrefix("cmpl-") == true)
  }

  @Test func echoScoresThePromptInFourLists() async throws {
    let more: [(key: String, value: JSON)] = [
      ("echo", true), ("logprobs", 2), ("max_tokens", 1), ("prompt", "the cat in a"),
    ]
    let answer = try await tiny.json(path, body("", more))
    let told = answer["choices", 0, "logprobs"]
    let count = answer["usage", "prompt_tokens"].int! + 1
    for list in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] {
      #expect(told[list]?.array?.count == count)
    }
    #expect(told["token_logprobs", 0] == .null && told["top_logprobs", 0] == .null)
    for index in 1..<count {
      let own = told["token_logprobs", index].double!
      let table = told["top_logprobs", index].members!.map { $0.value.double! }
      #expect(table.contains(own) && table.count >= 2)
    }
    let best = told["top_logprobs", count - 1].members!.map { $0.value.double! }.max()
    #expect(told["token_logprobs", count - 1].double == best)
    #expect(answer["choices", 0, "text"].string!.hasPrefix("the cat in a"))
  }

  @Test func choicesHaveSeedsOfTheirOwn() async throws {
    let more: [(key: String, value: JSON)] = [("n", 3), ("seed", 5), ("temperature", 1.5)]
    let found = texts(try await tiny.json(path, body("the cat", more)))
    #expect(found.count == 3 && Set(found).count > 1)
    #expect(texts(try await tiny.json(path, body("the cat", more))) == found)
  }

  @Test func aPlanIsChosenByTheRequest() async throws {
    let sparse = try TestServer(SparseModel.loadSparseBody())
    let more = { (plan: JSON) -> [(key: String, value: JSON)] in
      [("sparrow", ["plan": plan, "activity": true]), ("stream", true)]
    }
    let chunks = try await sparse.events(path, body("the cat", more("sparse")))
    let tokens = chunks.flatMap { $0["sparrow", "activity"].array ?? [] }
    #expect(tokens.count == 8)
    #expect(tokens.last?["parts", 1, "bins"].string?.isEmpty == false)
    #expect(try await sparse.events(path, body("the cat", more("dense"))).count > 1)
    let refused = await tiny.ask(path, body("the cat", more("sparse")).text())
    #expect(refused.status == 400)
    #expect(try refused.json["error", "param"] == "sparrow.plan")
    let facts = try await sparse.json("/v1/sparsity")
    #expect(facts["parts"]?.array?.count == 2 && facts["is_sparse"] == true)
    // From the first question on recall is sampled.
    _ = try await sparse.events(path, body("the cat", more("sparse")))
    let recall = try await sparse.json("/v1/sparsity")["recall", "networks"].array
    #expect(recall?.count == 2 && recall?.allSatisfy { $0["recall"].double! > 0 } == true)
  }

  @Test func layersThatDoNotPayRunDense() async throws {
    let wide = try TestServer(SparseModel.loadSparseBody(widestBatch: 2, parallel: 3))
    let said = try await wide.json("/v1/sparsity")
    #expect(said["is_sparse"] == false)
    #expect(said["warnings"]?.array?.contains { $0.string?.contains("run dense") == true } == true)
  }

  @Test("a plan is chosen by the model's name too, where a request does not say more")
  func aPlanIsChosenByName() async throws {
    let sparse = try TestServer(SparseModel.loadSparseBody())
    func touched(_ fields: [(key: String, value: JSON)]) async throws -> Bool {
      let more: [(key: String, value: JSON)] = [("stream", true)] + fields
      let chunks = try await sparse.events(path, body("the cat", more))
      return chunks.contains { $0["sparrow", "activity", 1, "parts", 0] != .null }
    }
    let told: (key: String, value: JSON) = ("sparrow", ["activity": true])
    #expect(try await touched([("model", "tiny:sparse"), told]))
    #expect(try await touched([("model", "tiny"), told]))
    #expect(try await !touched([("model", "tiny:dense"), told]))
    #expect(
      try await touched([
        ("model", "tiny:dense"), ("sparrow", ["activity": true, "plan": "sparse"]),
      ]))
    let refused = await tiny.ask(path, body("the", [("model", "tiny:sparse")]).text())
    #expect(try refused.status == 400 && refused.json["error", "param"] == "model")
    let names = try await sparse.json("/v1/models")["data"]?.array?.map { $0["id"] }
    #expect(names == ["tiny", "tiny:dense", "tiny:sparse"])
    #expect(await sparse.ask("/v1/models/tiny:dense").status == 200)
    #expect(try await tiny.json("/v1/models")["data"]?.array?.count == 1)
  }

  @Test("log-probabilities that would fill memory until they are told are refused by name")
  func tooManyProbabilities() async throws {
    let lots: [(key: String, value: JSON)] = [("n", 128), ("max_tokens", 500), ("logprobs", 20)]
    let refused = await tiny.ask(path, body("the", lots).text())
    #expect(try refused.status == 400 && refused.json["error", "param"] == "logprobs")
    let chat = await tiny.ask(
      "/v1/chat/completions",
      #"{"messages": [{"role": "user", "content": "the"}], "n": 100, "logprobs": true, "#
        + #""top_logprobs": 20}"#)
    #expect(try chat.status == 400 && chat.json["error", "param"] == "top_logprobs")
    let few: [(key: String, value: JSON)] = [("n", 128), ("max_tokens", 1), ("logprobs", 20)]
    #expect(try await texts(tiny.json(path, body("the", few))).count == 128)
  }

  @Test(arguments: [
    ("prompt", "[]"), ("prompt", "[99999]"), ("prompt", "[[1], 2]"), ("prompt", "{}"),
    ("max_tokens", "-1"), ("temperature", "\"hot\""), ("temperature", "-1"), ("top_p", "2"),
    ("top_k", "-2"), ("min_p", "-0.1"), ("n", "0"), ("logprobs", "99"), ("echo", "1"),
    ("stop", "{}"), ("stop", "\"\(String(repeating: "-", count: 5000))\""), ("seed", "0.5"),
    ("logit_bias", #"{"5": 200}"#), ("logit_bias", #"{"x": 1}"#),
    ("presence_penalty", "3"), ("frequency_penalty", "-3"), ("repetition_penalty", "0"),
    ("stream", "\"yes\""), ("sparrow", "3"), ("suffix", "\"end\""), ("user", "7"),
  ])
  func wrongValuesAreRefusedByName(_ field: String, _ value: String) async throws {
    var text = #"{"prompt": "the", "max_tokens": 1, "#
    text += "\"\(field)\": \(value)}"
    let answer = await tiny.ask(path, text)
    #expect(answer.status == 400)
    #expect(try answer.json["error", "param"] == .string(field))
  }

  @Test func unknownFieldsAreIgnored() async throws {
    let more: [(key: String, value: JSON)] = [("nothing", [1]), ("user", "me"), ("stop", .null)]
    #expect(texts(try await tiny.json(path, body("the", more))).count == 1)
  }

  @Test func aClientThatGoesEndsItsRequest() async throws {
    let client = ClientPresence()
    let task = Task { [tiny] in
      await tiny.ask(
        "/v1/completions",
        #"{"prompt": "the", "n": 16, "max_tokens": 450, "ignore_eos": true}"#, client: client)
    }
    while tiny.server.service.scheduler.statistics.running == 0 { await Task.yield() }
    client.leave()
    #expect(await task.value.status == 499)
    await tiny.server.service.scheduler.stop()
    #expect(tiny.server.service.scheduler.statistics.running == 0)
  }

  @Test func aClientThatTakesNothingIsSentAway() async throws {
    let tiny = try TestServer { $0.idleTimeout = 0.05 }
    let more: [(key: String, value: JSON)] = [("stream", true), ("max_tokens", 500)]
    let (closed, isClosed) = AsyncStream.makeStream(of: Void.self)
    let client = ClientPresence { isClosed.finish() }
    let answer = await tiny.ask(path, body("the", more).text(), client: client)
    guard case .events(let write) = answer.body else { return }
    await #expect(throws: APIError.clientLeft) {
      try await write { _ in
        for await _ in closed {}
      }
    }
  }
}
