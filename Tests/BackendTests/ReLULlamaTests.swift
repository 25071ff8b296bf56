import SparrowCore
import SparrowFormats
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// The tiny model of `Benchmarks/make_relu_llama.py`, whose script computes its own forward pass.
@Suite struct ReLULlamaTests {
  @Test(arguments: TestBackend.all, [1, 7, 24])
  func logitsEqualTheScriptsForwardPass(backend: TestBackend, chunk: Int) throws {
    let expected = try Checkpoint.open(Fixtures.path("relu/expected.safetensors"))
    let wanted = try expected.floats(try #require(expected["logits"]))
    let tokens = try expected.floats(try #require(expected["input_ids"])).map { Int32($0) }
    let own = try backend.open(Fixtures.path("relu/model.gguf"))
    let found = try logits(own, tokens, chunk: chunk)
    #expect(found.count == wanted.count)
    let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-3, "worst difference \(worst)")
  }

  @Test func theScriptHashesWeightsAsSparrowDoes() throws {
    let json = try JSON.parse(contents(of: Fixtures.path("relu/adapter.json")))
    let model = try Checkpoint.open(Fixtures.path("relu/model.gguf"))
    #expect(json["base"]?["hash"]?.string == model.contentHash())
  }
}
