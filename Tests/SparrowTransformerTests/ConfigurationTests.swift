import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What configurations say and refuse.
@Suite struct ConfigurationTests {
  static let llama = """
    {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
     "num_hidden_layers": 2, "vocab_size": 100, "max_position_embeddings": 256}
    """

  func read(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(huggingFace: try JSON.parse(text), file: "config.json")
  }

  @Test func fieldsAreReadWithTheFamilysDefaults() throws {
    let model = try read(Self.llama)
    #expect(model.layers.count == 2 && model.hidden == 64 && !model.tiedHead)
    let attention = model.layers[0].attention
    #expect(attention.headDimension == 16 && attention.keyValueHeads == 4)
    #expect(attention.scale == 0.25 && attention.window == 0)
    #expect(attention.rotary?.frequencies.first == 1)
  }

  /// A change to the configuration and the field that the error must name.
  static let refusals: [(from: String, to: String, kind: SparrowError.Kind, field: String)] = [
    ("\"llama\"", "\"rwkv\"", .unsupported, "model_type"),
    ("\"hidden_size\": 64", "\"hidden_size\": \"64\"", .malformed, "hidden_size"),
    ("\"hidden_size\": 64", "\"hidden_size\": 66", .malformed, "num_attention_heads"),
    ("\"vocab_size\": 100", "\"vocab_size\": -1", .malformed, "vocab_size"),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1e9", .malformed, "num_hidden_layers"),
    ("\"vocab_size\"", "\"hidden_act\": \"mish\", \"vocab_size\"", .unsupported, "hidden_act"),
    (
      "\"vocab_size\"", "\"rope_scaling\": {\"type\": \"longrope\"}, \"vocab_size\"", .unsupported,
      "rope_type"
    ),
    (
      "\"vocab_size\"", "\"num_key_value_heads\": 3, \"vocab_size\"", .malformed,
      "num_key_value_heads"
    ),
  ]

  @Test(arguments: 0..<refusals.count)
  func whatIsUnknownOrWrongIsRefusedByName(index: Int) throws {
    let change = Self.refusals[index]
    let error = #expect(throws: SparrowError.self) {
      try read(Self.llama.replacing(change.from, with: change.to))
    }
    #expect(error?.kind == change.kind)
    #expect(error?.field == change.field)
  }

  /// A fixture, a field of its configuration, a value, and what the complaint must say.
  static let strangers: [(model: String, field: String, value: JSON, reason: String)] = [
    ("llama2", "model_type", "mixtral", "a mixture of experts"),
    ("llama2", "model_type", "gpt_oss", "a mixture of experts"),
    ("llama2", "model_type", "qwen3_next", "linear attention"),
    ("llama2", "model_type", "mamba2", "layers without attention"),
    ("llama2", "model_type", "gemma3n_text", "inputs for each layer"),
    ("granite-hybrid", "num_local_experts", 8, "a mixture of experts"),
    ("granite-hybrid", "layer_types", ["mamba", "attention"], "linear attention"),
    ("granite", "residual_multiplier", 0, "0"),
    ("qwen3.5", "layer_types", ["linear_attention", "full_attention"], "linear attention"),
    ("qwen3.5", "layer_types", .null, "linear attention"),
    ("gemma4", "hidden_size_per_layer_input", 256, "inputs for each layer"),
    ("gemma4", "num_kv_shared_layers", 1, "share keys and values"),
    ("gemma4", "enable_moe_block", true, "a mixture of experts"),
    ("gemma4", "use_bidirectional_attention", "all", "what follows"),
    ("falcon", "alibi", true, "distance"), ("phi3", "partial_rotary_factor", 0.4, "3 of 8"),
    ("phi3-long", "original_max_position_embeddings", 0, "0"),
    ("phi3-long", "partial_rotary_factor", 1, "4 factors"),
    ("smollm3", "no_rope_layers", [1, 0], "2 entries"), ("cohere", "logit_scale", -1, "-1"),
    ("starcoder2", "rope_scaling", ["type": "longrope"], "longrope"),
  ]

  @Test(arguments: 0..<strangers.count)
  func whatAFamilyCannotComputeIsRefusedByNameAndReason(index: Int) throws {
    let (model, field, value, reason) = Self.strangers[index]
    let path = Fixtures.path("models/\(model)/config.json")
    let json = try JSON.parse(MappedFile(path: path))
    let others = try #require(json.members).filter { $0.key != field }
    let changed = JSON.object(others + [(key: field, value: value)])
    let error = #expect(throws: SparrowError.self) {
      try ModelConfiguration(huggingFace: changed, file: path)
    }
    #expect("\(try #require(error))".contains(reason), "\(error.map { "\($0)" } ?? "")")
  }

  @Test func aGGUFFileMayNameItsActivation() throws {
    let bytes = try contents(of: Fixtures.path("relu/model.gguf"))
    let folder = try TemporaryFolder()
    func model(_ name: String) throws -> ModelConfiguration {
      // A value's type and length, 12 bytes, lie between key and value.
      let key = try #require(bytes.firstRange(of: Array("llama.hidden_activation".utf8)))
      var changed = bytes
      changed.replaceSubrange(key.upperBound + 12..<key.upperBound + 16, with: Array(name.utf8))
      return try ModelConfiguration(
        gguf: try Checkpoint.open(try folder.write("model.gguf", changed)))
    }
    let feedForward = try model("relu").layers[0].feedForward
    #expect(feedForward.activation == .relu && feedForward.gated)
    #expect(try model("silu").layers[0].feedForward.activation == .silu)
    let error = #expect(throws: SparrowError.self) { try model("mish") }
    #expect(error?.kind == .unsupported && error?.field == "llama.hidden_activation")
    #expect(error?.found == "'mish'")
  }

  @Test func linearScalingDividesEveryFrequency() {
    let plain = RotaryDescription(dimension: 8, base: 10_000, interleaved: false)
    let slow = RotaryDescription(
      dimension: 8, base: 10_000, interleaved: false, scaling: .linear(factor: 4))
    #expect(zip(plain.frequencies, slow.frequencies).allSatisfy { abs($0 / 4 - $1) < 1e-7 })
  }

  @Test(arguments: Fixtures.models)
  func everyFamilyBindsAllItsTensors(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let binding = try WeightBinding(checkpoint: checkpoint, configuration: model)
    let program = StepProgram(model)
    #expect(program.operations.count { $0.layer == 0 } >= 7)
    #expect(binding.roles.count >= 8 * model.layers.count)
  }

  @Test func aConfigurationThatDoesNotFitTheTensorsIsRefused() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/llama3"))
    var model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let layers = model.layers
    model.layers.removeLast()
    let left = #expect(throws: SparrowError.self) {
      try WeightBinding(checkpoint: checkpoint, configuration: model)
    }
    #expect(left?.kind == .unsupported)
    model.layers = layers + [layers[0]]
    let missing = #expect(throws: SparrowError.self) {
      try WeightBinding(checkpoint: checkpoint, configuration: model)
    }
    #expect(missing?.kind == .malformed)
    model.layers = layers
    model.vocabulary += 1
    let shape = #expect(throws: SparrowError.self) {
      try WeightBinding(checkpoint: checkpoint, configuration: model)
    }
    #expect(shape?.kind == .mismatch)
  }
}
