import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTokenizers
import SparrowTransformer
import Testing

@testable import Sparrow

@Suite struct FolderWritingTests {
  @Test(arguments: Fixtures.models)
  func aFolderComesBackWithItsBits(name: String) throws {
    let model = try WrittenModel("models/" + name)
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    let written = try model.written()
    #expect(written.configuration == model.source.configuration)
    #expect(try distance(written.binding, model.source.binding) == 0)
    let config = try #require(written.binding.checkpoint.config)
    #expect(config["torch_dtype"]?.string == "float32")
    #expect(model.folder.names == ["written"])
  }

  /// GGUF keeps queries and keys of Llama in pairs, Gemma's norms with 1 added, GPT-2 transposed.
  @Test(arguments: Fixtures.ggufModels)
  func aGGUFFileBecomesTheFolderThatItWasMadeFrom(name: String) throws {
    let model = try WrittenModel("gguf/\(name).gguf")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    let written = try model.written()
    let original = try ModelDescription(Checkpoint.open(Fixtures.path("models/" + name)))
    #expect(written.configuration == original.configuration)
    #expect(try distance(written.binding, original.binding) < 1e-6)
  }

  @Test func quantisedWeightsAreExpanded() throws {
    let model = try WrittenModel("gguf/llama2-q8_0.gguf")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    let written = try model.written()
    let original = try ModelDescription(Checkpoint.open(Fixtures.path("models/llama2")))
    #expect(written.configuration == original.configuration)
    // Half a step of 127 of the largest weights, about 1.
    #expect(try distance(written.binding, original.binding) < 0.01)
  }

  @Test(arguments: [(ElementType.f16, Float(1) / 1024), (.bf16, 1.0 / 128)])
  func valuesAreRoundedToTheType(type: ElementType, step: Float) throws {
    let model = try WrittenModel("models/llama3")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: type, values: writer.sourceValues)
    let written = try model.written()
    #expect(written.binding.checkpoint.tensors.allSatisfy { $0.type == type })
    let role = WeightRole(.gate, layer: 1)
    for (a, b) in zip(
      try ModelWriter(written.binding).sourceValues(role), try writer.sourceValues(role))
    {
      #expect(abs(a - b) <= abs(b) * step / 2 + 1e-7)
    }
  }

  @Test(
    arguments: [
      "models/llama3", "models/opt", "models/gpt2", "models/gemma2", "gguf/gemma3.gguf",
      "gguf/gpt2.gguf", "gguf/llama3.gguf",
    ], [Activation.relu, .reluSquared])
  func changedActivationsAreWritten(name: String, activation: Activation) throws {
    let model = try WrittenModel(name)
    let writer = try model.writer(activation)
    try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    let layers = try model.written().configuration.layers
    #expect(layers.allSatisfy { $0.feedForward.activation == activation })
  }

  @Test func changedWeightsAreWritten() throws {
    let model = try WrittenModel("gguf/llama3.gguf")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f32) { role throws(SparrowError) in
      try writer.sourceValues(role).map { $0 * 2 }
    }
    let original = try ModelDescription(Checkpoint.open(Fixtures.path("models/llama3"))).binding
    let written = try ModelWriter(model.written().binding)
    for role in original.roles {
      let twice = try ModelWriter(original).sourceValues(role).map { $0 * 2 }
      #expect(try written.sourceValues(role) == twice, "\(role)")
    }
  }

  @Test(arguments: Fixtures.ggufModels)
  func aGGUFFilesTokenizerGivesTheSameIDs(name: String) throws {
    let model = try WrittenModel("gguf/\(name).gguf")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f16, values: writer.sourceValues)
    let source = model.source.binding.checkpoint
    let written = try model.written().binding.checkpoint
    let (a, b) = (try source.tokenizer(), try written.tokenizer())
    #expect(a.bos == b.bos && a.eos == b.eos && a.addsBOS == b.addsBOS)
    #expect(try source.endTokens(a) == written.endTokens(b))
    for text in ["", "the thin theory<|end|>in", "It's 42\n\n \t!"] {
      #expect(a.encode(text, parseSpecial: true) == b.encode(text, parseSpecial: true))
    }
  }

  @Test func anOlderFolderIsReplacedAndOtherFilesAreNot() throws {
    let model = try WrittenModel("models/gpt2")
    let writer = try model.writer()
    try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    try writer.writeHuggingFace(to: model.path, type: .f16, values: writer.sourceValues)
    #expect(try model.written().binding.checkpoint.tensors[0].type == .f16)
    #expect(try Checkpoint.open(model.path).tokenizer().vocabularySize == 100)
    try model.folder.write("written/thesis.txt", "mine")
    #expect(throws: SparrowError.self) {
      try writer.writeHuggingFace(to: model.path, type: .f32, values: writer.sourceValues)
    }
    #expect(try model.folder.read("written/thesis.txt") == Array("mine".utf8))
  }
}
