import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTransformer

/// Configurations written as `config.json` and read again.
@Suite struct HuggingFaceConfigTests {
  private func read(_ name: String) throws -> ModelConfiguration {
    let path = Fixtures.path("models/\(name)/config.json")
    return try ModelConfiguration(huggingFace: JSON.parse(MappedFile(path: path)), file: path)
  }

  private func rewritten(_ model: ModelConfiguration) throws -> ModelConfiguration {
    let fields = try model.huggingFaceConfig(hasBias: { _ in false }, file: "test")
    let text = JSON.object(fields).text(indent: 2)
    let json = try JSON.parse(Array(text.utf8), file: "config.json")
    return try ModelConfiguration(huggingFace: json, file: "config.json")
  }

  @Test(
    arguments: [
      "gemma2", "gemma3", "gemma3-scaled", "gpt2", "llama-biases", "llama-linear", "llama-yarn",
      "llama2", "llama3", "qwen2", "qwen3", "smollm2",
    ])
  func comesBackTheSame(name: String) throws {
    let model = try read(name)
    #expect(try rewritten(model) == model)
  }

  @Test(arguments: [512.0, 3000, 8192])
  func factorsByFrequencyBecomeLlama3s(context: Double) throws {
    var model = try read("llama3")
    let scaling = RotaryScaling.llama3(
      factor: 32, lowFactor: 1, highFactor: 4, originalContext: context)
    func rotary(_ scaling: RotaryScaling) -> RotaryDescription {
      RotaryDescription(dimension: 64, base: 500_000, interleaved: true, scaling: scaling)
    }
    let plain = rotary(.none).frequencies
    let factors = zip(plain, rotary(scaling).frequencies).map { $0 / $1 }
    for index in model.layers.indices {
      model.layers[index].attention.headDimension = 64
      model.layers[index].attention.rotary = rotary(.perFrequency(factors))
    }
    let found = try #require(rewritten(model).layers[0].attention.rotary).frequencies
    for (a, b) in zip(found, rotary(scaling).frequencies) { #expect(abs(a - b) <= 1e-6 * b) }
  }

  @Test func whatTransformersCannotComputeIsRefused() throws {
    var other = try read("llama2")
    for index in other.layers.indices {
      other.layers[index].attention.rotary = RotaryDescription(
        dimension: 8, base: 10_000, interleaved: true, scaling: .perFrequency([1, 5, 2, 9]))
    }
    #expect(throws: SparrowError.self) { try rewritten(other) }
    #expect(throws: SparrowError.self) { try rewritten(read("qwen2-window")) }
    var mixed = try read("llama2")
    mixed.layers[1].feedForward.activation = .relu
    #expect(throws: SparrowError.self) { try rewritten(mixed) }
  }
}
