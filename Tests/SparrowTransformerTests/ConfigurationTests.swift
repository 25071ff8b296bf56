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
  func everyFamilyBindsAllItsTensorsAndPrintsItsProgram(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let binding = try WeightBinding(checkpoint: checkpoint, configuration: model)
    let program = StepProgram(model)
    #expect(program.operations.count { $0.layer == 0 } >= 7)
    #expect(program.text(binding).contains("attend"))
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
