import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import Sparrow

@Suite struct GGUFWritingTests {
  @Test(arguments: Fixtures.ggufModels)
  func aFileComesBackWithItsBytes(name: String) throws {
    let model = try WrittenModel("gguf/\(name).gguf")
    let writer = try model.writer()
    try writer.writeGGUF(to: model.path, type: .f32, values: writer.sourceValues)
    let source = try contents(of: Fixtures.path("gguf/\(name).gguf"))
    #expect(try contents(of: model.path) == source)
  }

  @Test func quantisingAgainChangesNothing() throws {
    let model = try WrittenModel("gguf/llama2-q8_0.gguf")
    let writer = try model.writer()
    try writer.writeGGUF(to: model.path, type: .q8_0, values: writer.sourceValues)
    let source = try contents(of: Fixtures.path("gguf/llama2-q8_0.gguf"))
    #expect(try contents(of: model.path) == source)
  }

  @Test(arguments: [(ElementType.f16, 1), (.bf16, 32), (.q8_0, 7)])
  func matricesGetTheTypeAndVectorsStay(type: ElementType, number: Int) throws {
    let model = try WrittenModel("gguf/gpt2.gguf")
    let writer = try model.writer()
    try writer.writeGGUF(to: model.path, type: type, values: writer.sourceValues)
    let written = try model.written()
    let checkpoint = written.binding.checkpoint
    #expect(written.configuration == model.source.configuration)
    let metadata = try #require(checkpoint.metadata)
    #expect(try metadata.int("general.file_type") == number)
    #expect(metadata.keys == model.source.binding.checkpoint.metadata?.keys)
    for tensor in checkpoint.tensors {
      let isVector = tensor.shape.count == 1 || tensor.name == "position_embd.weight"
      #expect(tensor.type == (isVector ? .f32 : type), "\(tensor.name)")
    }
    #expect(try distance(written.binding, model.source.binding) < 0.02)
  }

  @Test func rowsThatAreNoWholeBlocksAreHalves() throws {
    let model = try WrittenModel("gguf/llama2-q8_0.gguf")
    var file = NetworkModel(type: .f32, hidden: 48, width: 64)
    file.layers = 2
    try model.folder.write("odd.gguf", file.bytes())
    let odd = try ModelDescription(Checkpoint.open(model.folder.file("odd.gguf")))
    let writer = try ModelWriter(odd.binding)
    try writer.writeGGUF(to: model.path, type: .q8_0, values: writer.sourceValues)
    let checkpoint = try Checkpoint.open(model.path)
    #expect(checkpoint["blk.1.ffn_up.weight"]?.type == .f16)
    #expect(checkpoint["blk.1.ffn_down.weight"]?.type == .q8_0)
    #expect(try distance(model.written().binding, odd.binding) < 0.002)
  }

  @Test(arguments: [Activation.relu, .reluSquared])
  func changedActivationsAreWritten(activation: Activation) throws {
    let model = try WrittenModel("gguf/gemma3.gguf")
    let writer = try model.writer(activation)
    try writer.writeGGUF(to: model.path, type: .f32, values: writer.sourceValues)
    let written = try model.written()
    #expect(written.configuration == writer.configuration)
    #expect(try distance(written.binding, model.source.binding) == 0)
    // And back: the key is there now, and is replaced.
    let path = model.folder.file("back")
    let back = try ModelWriter(written.binding, configuration: model.source.configuration)
    try back.writeGGUF(to: path, type: .f32, values: back.sourceValues)
    #expect(try ModelDescription(Checkpoint.open(path)).configuration == model.source.configuration)
  }
}
