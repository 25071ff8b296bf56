import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestDevice
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// Decoding steps that are one kernel.
@Suite struct LeanStepTests {
  private func engine(_ name: String) throws -> CUDAEngine {
    let model = try #require(TinyModel.all.first { $0.name == name })
    return try CUDAEngine(
      model.binding(), library: .test(), pool: WorkerPool(count: 1), maximumRows: 32)
  }

  private func filled(_ length: Int, _ engine: CUDAEngine) throws -> SequenceState {
    let sequence = try engine.sequence(capacity: length + 4)
    for start in stride(from: 0, to: length, by: 32) {
      let tokens = (start..<min(start + 32, length)).map { Int32($0 * 7 % 190) }
      engine.step(.prompt(tokens[...], of: sequence))
    }
    return sequence
  }

  private func kernels(_ body: () throws -> Void) rethrows -> [String] {
    let log = TestDriver.Log()
    try TestDriver.$log.withValue(log) { try body() }
    return log.launches.map(\.kernel)
  }

  @Test(
    "one row of a small model is one kernel, and gives the bits of many launches",
    arguments: zip(["long llama", "opt", "gemma3", "wide heads"], [260, 7, 12, 3]))
  func sameBits(_ name: String, _ length: Int) throws {
    let engine = try engine(name)
    // The first text is longer than one part of attention's keys.
    let alone = try filled(length, engine)
    let company = [try filled(length, engine), try filled(3, engine)]
    for token: Int32 in [8, 9] {
      let launches = kernels { engine.step(.decode([token], of: [alone])) }
      #expect(launches.first == "lean")
      let own = Array(engine.logits(rows: 0..<1))
      engine.step(.decode([token, token], of: company))
      #expect(Array(engine.logits(rows: 0..<1)) == own)
    }
  }

  @Test("a small model whose layers have several formats of blocks is one kernel over halves")
  func severalFormats() throws {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: .q4_0, attention: .q8_0, hidden: 64, width: 96, layers: 2).bytes()
    let checkpoint = try Checkpoint.open(try folder.write("m.gguf", file))
    let binding = try WeightBinding(
      checkpoint: checkpoint, configuration: ModelConfiguration(gguf: checkpoint))
    let engine = try CUDAEngine(
      binding, library: .test(), pool: WorkerPool(count: 1), maximumRows: 32)
    #expect(engine.weights.byteCount(of: WeightRole(.gate, layer: 1)) == 2 * 64 * 96)
    #expect(!LeanShape.wantsHalves(binding, WeightUpdates(), bandwidth: 1e6))
    let alone = try engine.sequence(capacity: 8)
    let company = try (0..<2).map { _ in try engine.sequence(capacity: 8) }
    for token: Int32 in [8, 9] {
      #expect(kernels { engine.step(.decode([token], of: [alone])) }.first == "lean")
      let own = Array(engine.logits(rows: 0..<1))
      engine.step(.decode([token, token], of: company))
      #expect(Array(engine.logits(rows: 0..<1)) == own)
    }
  }

  @Test(
    "models with norms in other places, or floats of four bytes, are run launch by launch",
    arguments: ["gemma2", "cohere", "gpt-neox", "olmo2", "qwen3.5"])
  func others(_ name: String) throws {
    let engine = try engine(name)
    let sequence = try engine.sequence(capacity: 8)
    #expect(!kernels { engine.step(.decode([1], of: [sequence])) }.contains("lean"))
  }
}
