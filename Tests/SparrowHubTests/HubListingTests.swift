import SparrowCore
import Testing

@testable import SparrowHub

struct HubListingTests {
  static func choose(_ names: [String], _ selection: String? = nil) throws -> [String] {
    let siblings = names.map { "{\"rfilename\":\"\($0)\",\"size\":1}" }.joined(separator: ",")
    let json = try JSON.parse("{\"sha\":\"c\",\"siblings\":[\(siblings)]}")
    let job = PullJob(
      source: .hub(repository: "o/n", selection: selection), environment: [:], work: "", ready: "",
      report: { _ in }, isCancelled: { false })
    let chosen = try HubListing(json: json, file: "x").choose(selection, job)
    return [chosen.entry] + chosen.files.map(\.name)
  }

  @Test("the model's files are chosen")
  func chooses() throws {
    let folder = [
      "README.md", "config.json", "tokenizer.json", "onnx/model.onnx", "model.safetensors",
    ]
    #expect(
      try Self.choose(folder) == ["", "config.json", "tokenizer.json", "model.safetensors"])
    #expect(
      try Self.choose(folder + ["x.gguf"], "x.gguf") == ["x.gguf", "x.gguf"])
    let shards = [
      "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ]
    #expect(try Self.choose(shards) == [""] + shards)
    let many = ["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-q8_0.gguf", "mmproj-f16.gguf"]
    #expect(try Self.choose(many) == ["m-Q4_K_M.gguf", "m-Q4_K_M.gguf"])
    #expect(try Self.choose(many, "Q8_0") == ["m-q8_0.gguf", "m-q8_0.gguf"])
    #expect(try Self.choose(["sub/a.gguf"]) == ["a.gguf", "sub/a.gguf"])
  }

  @Test("what leaves a doubt is refused, with the choices")
  func refuses() {
    let wrong: [([String], String?)] = [
      (["a-Q5_0.gguf", "b-Q5_0.gguf"], nil), (["a.gguf"], "Q4_0"), (["README.md"], nil),
      (["m-00001-of-00002.gguf"], nil), (["a/.hidden.gguf"], nil), (["model.safetensors"], nil),
    ]
    for (names, selection) in wrong {
      #expect(throws: SparrowError.self, "\(names)") { try Self.choose(names, selection) }
    }
  }
}
