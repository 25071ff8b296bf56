import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

@Suite struct CheckpointTests {
  @Test func readsWhatTheReferenceWriterWrote() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("formats/reference.gguf"))
    let metadata = try #require(checkpoint.metadata)
    #expect(checkpoint.kind == .gguf)
    #expect(checkpoint.config == nil)
    #expect(try metadata.string("general.architecture") == "llama")
    #expect(try metadata.int("llama.block_count") == 2)
    #expect(Float(try metadata.double("llama.attention.layer_norm_rms_epsilon")) == 1e-5)
    #expect(try metadata.bool("test.flag"))
    #expect(try metadata.double("test.double") == 0.1)
    #expect(try metadata.ints("test.ints") == [-1, 2, 3])
    #expect(try metadata.floats("test.floats") == [0.5, 0.25])
    let tokens = try metadata.strings("tokenizer.ggml.tokens")
    #expect((0..<tokens.count).map { tokens.string(at: $0) } == ["<s>", "é", "▁a", ""])
    #expect(try metadata.floats("tokenizer.ggml.scores") == [0, -1, -2, -3])
    #expect(checkpoint.tensors.map(\.type) == [.f32, .f16, .q8_0, .q4_0])
    #expect(checkpoint.tensors.map(\.shape) == Array(repeating: [2, 64], count: 4))
    #expect(checkpoint.tensors.map(\.byteCount) == [512, 256, 136, 72])
    let values = checkpoint.bytes(of: checkpoint.tensors[0])
    #expect(values.load(as: Float.self) == -1)
    #expect(values.load(fromByteOffset: 508, as: Float.self) == 1)
    withExtendedLifetime(checkpoint) {}
  }

  @Test(arguments: Fixtures.ggufModels) func opensFixtures(_ name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("gguf/\(name).gguf"))
    #expect(try checkpoint.metadata?.string("general.architecture") != nil)
    #expect(!checkpoint.tensors.isEmpty)
  }

  @Test func findsTensorsByName() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("formats/reference.safetensors"))
    #expect(checkpoint["é.long"]?.shape == [2])
    // The same character in two scalars is another name.
    #expect(checkpoint["e\u{301}.long"] == nil)
    #expect(checkpoint["b"] == nil)
    #expect(checkpoint["empty"]?.byteCount == 0)
    #expect(checkpoint["scalar"]?.shape == [])
  }

  @Test func releasedTensorsReadTheSame() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    let values = (0..<100_000).map { Float($0) }
    try writer.add(name: "a", shape: [values.count], floats: values)
    let path = folder.file("a.safetensors")
    try writer.write(to: path)
    let checkpoint = try Checkpoint.open(path)
    let tensor = try #require(checkpoint["a"])
    let before = Array(checkpoint.bytes(of: tensor))
    checkpoint.release(tensor)
    #expect(Array(checkpoint.bytes(of: tensor)) == before)
    #expect(checkpoint.byteCount > 400_000)
  }

  @Test func viewsOutliveTheCheckpoint() throws {
    func tokens() throws -> GGUFStrings {
      let checkpoint = try Checkpoint.open(Fixtures.path("formats/reference.gguf"))
      return try #require(checkpoint.metadata).strings("tokenizer.ggml.tokens")
    }
    #expect(try tokens().string(at: 2) == "▁a")
  }

  @Test func refusesOtherFiles() throws {
    let folder = try TemporaryFolder()
    let cases: [(String, String, SparrowError.Kind, String)] = [
      ("a.txt", "hello", .unsupported, "neither GGUF nor safetensors"),
      ("a.gguf", "", .malformed, "expected 'GGUF'"),
      ("b.gguf", "GGML....", .malformed, "expected 'GGUF'"),
      ("c.gguf", "FUGG....", .unsupported, "big-endian"),
      ("d.gguf", "GGUF", .malformed, "version"),
      ("a.safetensors", "", .malformed, "header length"),
    ]
    for (name, content, kind, part) in cases {
      let path = try folder.write(name, content)
      expectError(part, kind) { _ = try Checkpoint.open(path) }
    }
    expectError("", .system) { _ = try Checkpoint.open("/dev/null") }
  }

  // MARK: Split files

  private func split(
    _ number: Int, of count: Int, tensors: [String], total: Int32 = 3,
    architecture: String = "llama"
  ) -> [UInt8] {
    var builder = GGUFBuilder()
    builder.set("general.architecture", .string(Array(architecture.utf8)))
    builder.set("split.no", .uint16(UInt16(number)))
    builder.set("split.count", .uint16(UInt16(count)))
    builder.set("split.tensors.count", .int32(total))
    for (value, name) in tensors.enumerated() {
      builder.add(
        name, [2], bytes: Array(repeating: UInt8(truncatingIfNeeded: 10 * number + value), count: 8)
      )
    }
    return builder.bytes
  }

  @Test func opensSplitFiles() throws {
    let folder = try TemporaryFolder()
    let first = try folder.write("m-00001-of-00002.gguf", split(0, of: 2, tensors: ["a", "b"]))
    let second = try folder.write("m-00002-of-00002.gguf", split(1, of: 2, tensors: ["c"]))
    let checkpoint = try Checkpoint.open(first)
    #expect(checkpoint.tensors.map(\.name) == ["a", "b", "c"])
    #expect(checkpoint.tensors.map(\.file) == [0, 0, 1])
    #expect(checkpoint.tensors.map { checkpoint.bytes(of: $0)[7] } == [0, 1, 10])
    let others = try Checkpoint.open(second)
    #expect(others.path == first)
    #expect(others.contentHash() == checkpoint.contentHash())
  }

  @Test func refusesPartsThatDoNotBelongTogether() throws {
    let folder = try TemporaryFolder()
    let first = try folder.write("m-00001-of-00002.gguf", split(0, of: 2, tensors: ["a", "b"]))
    let second = "m-00002-of-00002.gguf"
    let mismatches: [(bytes: [UInt8], part: String)] = [
      (split(1, of: 3, tensors: ["c"]), "1 of 3 parts"),
      (split(0, of: 2, tensors: ["c"]), "0 of 2 parts"),
      (split(65_535, of: 2, tensors: ["c"]), "65535 of 2 parts"),
      (split(1, of: 2, tensors: ["c", "d"]), "4 tensors in 2 parts"),
      (split(1, of: 2, tensors: ["c"], total: 4), "a part of another model, of 4"),
      (split(1, of: 2, tensors: ["c"], architecture: "qwen3"), "of 'qwen3'; expected 'llama'"),
    ]
    for (bytes, part) in mismatches {
      try folder.write(second, bytes)
      expectError(part, .mismatch) { _ = try Checkpoint.open(first) }
    }
    try folder.write(second, split(1, of: 2, tensors: ["a"]))
    expectError("a second one of this name") { _ = try Checkpoint.open(first) }
    var unsplit = GGUFBuilder()
    unsplit.add("c", [2], bytes: Array(repeating: 0, count: 8))
    try folder.write(second, unsplit.bytes)
    expectError("split.no: no such metadata") { _ = try Checkpoint.open(first) }
  }

  @Test func saysWhatASplitFileLacks() throws {
    let folder = try TemporaryFolder()
    let lonely = try folder.write("m-00002-of-00003.gguf", split(1, of: 3, tensors: ["a"]))
    expectError("m-00001-of-00003.gguf: part 1 of 3 is missing", .system) {
      _ = try Checkpoint.open(lonely)
    }
    let renamed = try folder.write("model.gguf", split(0, of: 2, tensors: ["a"]))
    expectError("a name that ends in -00001-of-00002.gguf", .mismatch) {
      _ = try Checkpoint.open(renamed)
    }
    let moved = try folder.write("x-00002-of-00002.gguf", split(0, of: 2, tensors: ["a"]))
    expectError("part 1 of 2 by another name", .mismatch) { _ = try Checkpoint.open(moved) }
    let many = try folder.write("y.gguf", split(0, of: 60_000, tensors: []))
    expectError("at most 1000") { _ = try Checkpoint.open(many) }
    let beyond = try folder.write("z-00003-of-00002.gguf", split(2, of: 2, tensors: []))
    expectError("expected 0 to 1") { _ = try Checkpoint.open(beyond) }
  }

  // MARK: Hash

  @Test func hashNamesTheWeightsAndNotTheirPacking() throws {
    let folder = try TemporaryFolder()
    func hash(_ name: String, _ tensors: [(String, [Float])], note: String) throws -> String {
      var writer = SafetensorsWriter()
      writer.annotate("note", note)
      for (name, values) in tensors {
        try writer.add(name: name, shape: [values.count], floats: values)
      }
      let path = folder.file(name + ".safetensors")
      try writer.write(to: path)
      return try Checkpoint.open(path).contentHash()
    }
    let base = try hash("a", [("x", [1, 2]), ("y", [3])], note: "one")
    #expect(base.count == 64)
    #expect(try hash("b", [("y", [3]), ("x", [1, 2])], note: "two") == base)
    #expect(try hash("c", [("x", [1, 2]), ("y", [4])], note: "one") != base)
    #expect(try hash("d", [("x", [1, 2]), ("z", [3])], note: "one") != base)
    #expect(try hash("e", [("x", [1]), ("y", [2, 3])], note: "one") != base)
    #expect(try hash("f", [("x", [1, 2])], note: "one") != base)
  }
}
