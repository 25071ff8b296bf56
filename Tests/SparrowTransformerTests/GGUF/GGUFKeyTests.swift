import SparrowCore
import SparrowFormats
import SparrowTestSupport
import Testing

@testable import SparrowTransformer

/// The headers of a tiny GGUF model, whose keys tests change.
struct GGUFHeader {
  let architecture: String
  private var builder = GGUFBuilder()

  init(_ architecture: String, without: [String] = []) {
    self.architecture = architecture
    builder.set("general.architecture", .string(Array(architecture.utf8)))
    let row = GGUFArchitecture.named(architecture)!
    let norm = row.norm == .layer ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    let keys: [(String, GGUFBuilder.Value)] = [
      ("context_length", .uint32(512)), ("embedding_length", .uint32(64)),
      ("block_count", .uint32(7)), ("feed_forward_length", .uint32(128)),
      ("attention.head_count", .uint32(4)), ("attention.head_count_kv", .uint32(2)),
      ("attention." + norm, .float32(1e-5)), ("rope.freq_base", .float32(50_000)),
    ]
    for (key, value) in keys where !without.contains(key) && row.reads.contains(key) {
      set(key, value)
    }
    if row.reads.contains("use_parallel_residual") { set("use_parallel_residual", .bool(true)) }
    builder.add("token_embd.weight", [64, 3], bytes: [UInt8](repeating: 0, count: 768))
  }

  mutating func set(_ key: String, _ value: GGUFBuilder.Value) {
    builder.set(architecture + "." + key, value)
  }

  mutating func setWhole(_ key: String, _ value: GGUFBuilder.Value) { builder.set(key, value) }

  mutating func add(_ tensor: String, floats: [Float]) {
    builder.add(
      tensor, [UInt64(floats.count)], bytes: floats.flatMap { little($0.bitPattern) })
  }

  var bytes: [UInt8] { builder.bytes }

  func configuration() throws -> ModelConfiguration {
    let folder = try TemporaryFolder()
    return try ModelConfiguration(
      gguf: Checkpoint.open(folder.write("model.gguf", bytes)))
  }
}

extension GGUFBuilder.Value {
  static func text(_ string: String) -> Self { .string(Array(string.utf8)) }
  static func counts(_ values: [UInt32]) -> Self {
    .array(4, UInt64(values.count), values.flatMap { little($0) })
  }
  static func flags(_ values: [Bool]) -> Self {
    .array(7, UInt64(values.count), values.map { $0 ? 1 : 0 })
  }
}

/// Which keys of GGUF files are read, which say nothing, and which are refused.
@Suite struct GGUFKeyTests {
  @Test func everyArchitecturesKeysAreInOneTableOnly() {
    for row in GGUFArchitecture.all {
      #expect(Set(row.reads).count == row.reads.count, "\(row.name) lists a key twice")
      #expect((row.windows == nil) == !row.reads.contains("attention.sliding_window"))
      #expect((row.pairs == nil) == !row.reads.contains("rope.freq_base"))
    }
    #expect(GGUFKeys.silent.isDisjoint(with: GGUFKeys.neutral.keys))
  }

  @Test(arguments: GGUFArchitecture.all.map(\.name))
  func aKeyThatNoTableKnowsIsRefusedByName(architecture: String) throws {
    var header = GGUFHeader(architecture)
    _ = try header.configuration()
    header.set("attention.sorted", .bool(true))
    let error = #expect(throws: SparrowError.self) { try header.configuration() }
    #expect(error?.kind == .unsupported)
    #expect(error?.field == architecture + ".attention.sorted")
  }

  static let refusals: [(String, String, GGUFBuilder.Value)] = [
    ("llama", "expert_count", .uint32(8)), ("llama", "attention.causal", .bool(false)),
    ("llama", "attention.clamp_kqv", .float32(8)), ("llama", "attention.scale", .float32(0.1)),
    ("llama", "attention.max_alibi_bias", .float32(8)), ("llama", "pooling_type", .uint32(1)),
    ("llama", "attention.sliding_window", .uint32(16)), ("llama", "logit_scale", .float32(0.5)),
    ("llama", "residual_scale", .float32(0.2)), ("llama", "embedding_scale", .float32(12)),
    ("llama", "use_parallel_residual", .bool(true)), ("llama", "tensor_data_layout", .text("x")),
    ("llama", "rope.scaling.type", .text("longrope")), ("llama", "rope.scaling.type", .text("x")),
    ("llama", "rope.scaling.yarn_beta_fast", .float32(8)),
    ("llama", "rope.scaling.yarn_log_multiplier", .float32(0.1)),
    ("llama", "rope.dimension_sections", .counts([16, 24, 24, 0])),
    ("llama", "rope.freq_base_swa", .float32(10_000)),
    ("llama", "attn_logit_softcapping", .float32(50)),
    ("llama", "attention.value_length", .uint32(8)), ("llama", "attention.key_length", .uint32(8)),
    ("qwen2", "attention.head_count_kv", .counts([2, 2, 4, 2, 2, 2, 2])),
    ("qwen3", "feed_forward_length", .counts([128, 128])),
    ("gemma3", "attn_logit_softcapping", .float32(50)),
    ("gemma3", "attention.key_length_swa", .uint32(32)),
    ("gemma2", "attention.sliding_window", .uint32(0)),
    ("gemma2", "attention.sliding_window_pattern", .flags([true, false])),
    ("gemma2", "attention.sliding_window_pattern", .array(6, 7, [UInt8](repeating: 0, count: 28))),
    ("gpt2", "rope.freq_base", .float32(500)),
  ]

  @Test(arguments: 0..<refusals.count)
  func whatWouldChangeWhatIsComputedIsRefusedByName(index: Int) throws {
    let (architecture, key, value) = Self.refusals[index]
    var header = GGUFHeader(architecture, without: [key])
    header.set(key, value)
    let error = #expect(throws: SparrowError.self) { try header.configuration() }
    let blamed = key == "attention.key_length" ? "attention.value_length" : key
    #expect(error?.field == "\(architecture).\(blamed)", "\(error?.description ?? "")")
  }

  static let accepted: [(String, String, GGUFBuilder.Value)] = [
    ("llama", "vocab_size", .uint32(32_000)), ("llama", "expert_count", .uint32(0)),
    ("llama", "attention.causal", .bool(true)), ("llama", "rope.scaling.finetuned", .bool(true)),
    ("llama", "logit_scale", .float32(1)), ("llama", "rope.scaling.yarn_beta_fast", .float32(32)),
    ("llama", "tensor_data_layout", .text("Meta AI original pth")),
    ("llama", "attention.head_count_kv", .counts([UInt32](repeating: 2, count: 7))),
    ("llama", "rope.scaling.factor", .float32(0)),
    ("llama", "attention.sliding_window", .uint32(0)),
    ("gemma3", "rope.scaling.type", .text("none")),
    ("gemma2", "attention.key_length_swa", .uint32(16)),
  ]

  @Test(arguments: 0..<accepted.count)
  func whatSaysWhatIsComputedAnywayChangesNothing(index: Int) throws {
    let (architecture, key, value) = Self.accepted[index]
    var header = GGUFHeader(architecture, without: [key])
    header.set(key, value)
    #expect(try header.configuration() == GGUFHeader(architecture).configuration())
  }

  @Test func aFileThatIsNoModelIsRefused() throws {
    var header = GGUFHeader("llama")
    header.setWhole("general.type", .text("adapter"))
    let error = #expect(throws: SparrowError.self) { try header.configuration() }
    #expect(error?.field == "general.type" && error?.found == "'adapter'")
  }

  @Test func aVocabularyOfAnotherSizeThanTheEmbeddingIsRefused() throws {
    var header = GGUFHeader("llama")
    header.setWhole("tokenizer.ggml.tokens", .array(8, 2, text("a") + text("b")))
    let error = #expect(throws: SparrowError.self) { try header.configuration() }
    #expect(error?.kind == .mismatch && error?.field == "tokenizer.ggml.tokens")
  }
}
