import SparrowCore
import SparrowFormats
import SparrowTestSupport
import Testing

@testable import SparrowTransformer

/// What rows of the table make of files.
@Suite struct GGUFFamilyTests {
  private func model(
    _ architecture: String, _ keys: [(String, GGUFBuilder.Value)] = [], tensors: [String] = []
  ) throws -> ModelConfiguration {
    var header = GGUFHeader(architecture)
    for (key, value) in keys { header.set(key, value) }
    for name in tensors { header.add(name, floats: [Float](repeating: 2, count: 8)) }
    return try header.configuration()
  }

  @Test func granitesMultipliersAreRead() throws {
    let plain = try model("granite")
    let own = try model(
      "granite",
      [
        ("logit_scale", .float32(8)), ("embedding_scale", .float32(12)),
        ("residual_scale", .float32(0.5)), ("attention.scale", .float32(0.125)),
      ])
    #expect(plain.logitScale == 1 && plain.embeddingScale == 1)
    #expect(plain.layers[0].attention.scale == 0.25)
    // The residual stream is measured in units of what multiplies what layers add.
    #expect(own.logitScale == 0.125 && own.embeddingScale == 24)
    #expect(own.layers[0].attention.scale == 0.125)
    #expect(own.layers[0].norm.epsilon == plain.layers[0].norm.epsilon * 4)
    let still = try model("granite", [("rope.scaling.finetuned", .bool(false))])
    #expect(still.layers.allSatisfy { $0.attention.rotary == nil })
  }

  @Test func someLayersKnowNoPositions() throws {
    let smol = try model("smollm3").layers.map { $0.attention.rotary != nil }
    #expect(smol == [true, true, true, false, true, true, true])
    let command = try model("cohere2", [("attention.sliding_window", .uint32(16))]).layers
    #expect(command.map(\.attention.window) == [16, 16, 16, 0, 16, 16, 16])
    #expect(command.map { $0.attention.rotary != nil } == smol)
  }

  @Test func normsStandWhereAKeyOrATensorSays() throws {
    #expect(try model("falcon").layers[0].placement == .shared)
    let two = try model("falcon", tensors: ["blk.0.attn_norm_2.weight"])
    #expect(two.layers[0].placement == .parallel)
    #expect(try model("gptneox").layers[0].placement == .parallel)
    #expect(try model("olmo2").layers[0].placement == .result)
    #expect(try model("command-r").layers[0].attention.headNorm == nil)
  }

  @Test func phi3AttendsToAllAndTurnsByTheSequencesLength() throws {
    let layers = try model(
      "phi3",
      [
        ("attention.sliding_window", .uint32(16)),
        ("rope.scaling.original_context_length", .uint32(64)),
        ("rope.scaling.attn_factor", .float32(1.5)),
      ], tensors: ["rope_factors_short.weight", "rope_factors_long.weight"]
    ).layers
    #expect(layers.allSatisfy { $0.attention.window == 0 })
    let rotary = try #require(layers[0].attention.rotary)
    #expect(rotary.long?.beyond == 64 && rotary.magnitude == 1.5)
    #expect(throws: SparrowError.self) {
      try model("phi3", tensors: ["rope_factors_long.weight"])
    }
  }

  @Test(arguments: ["qwen3moe": "experts", "mamba": "state", "bert": "encoder", "clip": "pictures"])
  func otherArchitecturesAreRefusedWithTheReason(name: String, reason: String) throws {
    var builder = GGUFBuilder()
    builder.set("general.architecture", .text(name))
    let folder = try TemporaryFolder()
    let error = #expect(throws: SparrowError.self) {
      try ModelConfiguration(gguf: Checkpoint.open(folder.write("m.gguf", builder.bytes)))
    }
    #expect(error?.field == "general.architecture" && error?.found.contains(reason) == true)
  }

  /// Damaged metadata is read or refused, never more.
  @Test(arguments: GGUFArchitecture.all.map(\.name))
  func damagedKeysDoNotTrap(architecture: String) throws {
    var header = GGUFHeader(architecture)
    for (key, value) in [
      ("rope.scaling.type", GGUFBuilder.Value.text("yarn")), ("rope.scaling.factor", .float32(4)),
      ("attention.sliding_window", .uint32(16)),
      ("attention.sliding_window_pattern", .flags([Bool](repeating: true, count: 7))),
    ] where GGUFArchitecture.named(architecture)!.reads.contains(key) {
      header.set(key, value)
    }
    let bytes = header.bytes
    let folder = try TemporaryFolder()
    var mutator = Mutator(seed: 7)
    for _ in 0..<150 {
      let path = try folder.write("m.gguf", mutator.mutate(bytes))
      do {
        _ = try ModelConfiguration(gguf: Checkpoint.open(path))
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }
}
