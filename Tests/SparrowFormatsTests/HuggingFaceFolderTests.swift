import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

/// Folders of shards, right and wrong.
@Suite struct HuggingFaceFolderTests {
  private static let config = #"{"model_type": "llama", "hidden_size": 8}"#

  private func shard(_ names: [String]) throws -> [UInt8] {
    var writer = SafetensorsWriter()
    for name in names { try writer.add(name: name, shape: [2], floats: [1, 2]) }
    return writer.fileBytes()
  }

  /// A folder of two shards, "x" in the first, "y" and "z" in the second, under this index.
  private func folder(index: String, config: String = config) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("config.json", config)
    try folder.write("one.safetensors", shard(["x"]))
    try folder.write("two.safetensors", shard(["y", "z"]))
    try folder.write("model.safetensors.index.json", index)
    return folder
  }

  private func refuse(
    _ part: String, _ kind: SparrowError.Kind = .malformed,
    sourceLocation: SourceLocation = #_sourceLocation, index: String
  ) throws {
    let folder = try folder(index: index)
    expectError(part, kind, sourceLocation: sourceLocation) {
      _ = try Checkpoint.open(folder.path)
    }
  }

  private static func map(_ members: String) -> String {
    #"{"metadata": {"total_size": 24}, "weight_map": {\#(members)}}"#
  }

  private static let good = map(
    #""z": "two.safetensors", "x": "one.safetensors", "y": "two.safetensors""#)

  @Test func opensShards() throws {
    let folder = try folder(index: Self.good)
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.kind == .huggingFace)
    #expect(checkpoint.tensors.map(\.name) == ["y", "z", "x"])
    #expect(checkpoint.tensors.map(\.file) == [0, 0, 1])
    #expect(checkpoint.config?["hidden_size"]?.int == 8)
    #expect(checkpoint.metadata == nil)
    for tensor in checkpoint.tensors {
      #expect(Array(checkpoint.bytes(of: tensor)) == [0, 0, 128, 63, 0, 0, 0, 64])
    }
  }

  @Test func opensASingleFileWithItsFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", Self.config)
    try folder.write("model.safetensors", shard(["a"]))
    for path in [folder.path, folder.path + "/", folder.file("model.safetensors")] {
      let checkpoint = try Checkpoint.open(path)
      #expect(checkpoint.tensors.map(\.name) == ["a"])
      #expect(checkpoint.config?["model_type"]?.string == "llama")
    }
  }

  @Test func opensAllShardsByTheNameOfOne() throws {
    let folder = try TemporaryFolder()
    let names = (1...2).map { "model-0000\($0)-of-00002.safetensors" }
    try folder.write(names[0], shard(["x"]))
    try folder.write(names[1], shard(["y"]))
    expectError("shards without their index", .system) { _ = try Checkpoint.open(folder.path) }
    try folder.write(
      "model.safetensors.index.json", Self.map(#""x": "\#(names[0])", "y": "\#(names[1])""#))
    for path in [folder.path] + names.map({ folder.file($0) }) {
      #expect(try Checkpoint.open(path).tensors.map(\.name) == ["x", "y"])
    }
  }

  @Test func saysWhatAFolderWithoutWeightsHolds() throws {
    let folder = try TemporaryFolder()
    expectError("convert other weights first", .system) { _ = try Checkpoint.open(folder.path) }
    try folder.write("m-Q4_0.gguf", [0])
    expectError("a folder of GGUF files; expected one of them: m-Q4_0.gguf", .system) {
      _ = try Checkpoint.open(folder.path)
    }
  }

  @Test func givesTheOtherFiles() throws {
    let folder = try folder(index: Self.good)
    try folder.write("tokenizer.json", #"{"version": "1.0"}"#)
    try folder.write("broken.json", "{")
    try folder.write("latin.json", [0x22, 0xE9, 0x22])
    try folder.write("chat_template.jinja", "{{ x }}")
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(try checkpoint.json(named: "tokenizer.json")?["version"]?.string == "1.0")
    #expect(try checkpoint.json(named: "generation_config.json") == nil)
    #expect(try checkpoint.text(named: "chat_template.jinja") == "{{ x }}")
    #expect(try checkpoint.text(named: "missing.jinja") == nil)
    expectError("broken.json: byte 1: no key") { _ = try checkpoint.json(named: "broken.json") }
    expectError("not UTF-8") { _ = try checkpoint.json(named: "latin.json") }
    expectError("not UTF-8") { _ = try checkpoint.text(named: "latin.json") }
    for name in ["../config.json", "/etc/hosts", "", ".", "a/b", "a\0b"] {
      expectError("a plain file name", .argument) { _ = try checkpoint.json(named: name) }
    }
  }

  @Test func shardNamesStayInTheFolder() throws {
    let bad = [
      "../one.safetensors", "/one.safetensors", "a/one.safetensors", "..", "", ".safetensors",
      "a\\\\one.safetensors", "one.bin", "c:one.safetensors", "one\\u0000.safetensors",
      "..safetensors", String(repeating: "a", count: 300) + ".safetensors",
    ]
    for name in bad {
      try refuse("in the same folder", index: Self.map(#""x": "\#(name)""#))
    }
    try refuse("no string", index: Self.map(#""x": 1"#))
  }

  @Test func indexes() throws {
    try refuse("weight_map: no entries", index: "{}")
    try refuse("weight_map: no entries", index: #"{"weight_map": []}"#)
    try refuse("weight_map: no entries", index: #"{"weight_map": {}}"#)
    try refuse("weight_map: 2 of them", index: #"{"weight_map": {}, "weight_map": {}}"#)
    try refuse("expected a value", index: "?")
    try refuse(
      "each tensor once", index: Self.map(#""x": "one.safetensors", "x": "two.safetensors""#))
    try refuse("missing.safetensors", .system, index: Self.map(#""x": "missing.safetensors""#))
    try refuse(
      "one.safetensors: tensor 'w': no such tensor", .mismatch,
      index: Self.map(#""x": "one.safetensors", "w": "one.safetensors""#))
    try refuse(
      "tensor 'y': a tensor that the index does not place here", .mismatch,
      index: Self.map(#""x": "two.safetensors", "y": "one.safetensors""#))
    try refuse(
      "tensor 'z': a tensor that the index", .mismatch,
      index: Self.map(#""y": "two.safetensors""#))
  }

  @Test func configs() throws {
    for (text, part) in [("[]", "no object"), ("{", "no key"), ("", "end of file")] {
      let folder = try folder(index: Self.good, config: text)
      expectError(part) { _ = try Checkpoint.open(folder.path) }
    }
  }

  @Test func foldersWithoutWeights() throws {
    let folder = try TemporaryFolder()
    expectError("no model.safetensors", .system) { _ = try Checkpoint.open(folder.path) }
    expectError("missing", .system) { _ = try Checkpoint.open(folder.file("missing")) }
  }

  @Test(arguments: Fixtures.models) func opensFixtures(_ name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
    #expect(!checkpoint.tensors.isEmpty)
    #expect(checkpoint.config?["model_type"] != nil)
  }
}
