import SparrowTestPlans
import SparrowTestSupport
import Testing

/// Numbers in float64 are read as float32.
@Suite struct WideFloatTests {
  /// Matrices, norms, biases, and matrices that lie by columns.
  @Test(arguments: ["gpt2", "llama2", "opt-350m", "qwen2"])
  func aFolderComputesWhatItsFloatsDo(name: String) throws {
    let folder = try TemporaryFolder()
    let model = try FloatModel(Fixtures.path("models/" + name))
    let narrow = try engine(try model.write(to: folder, "narrow"), threads: 2)
    let wide = try engine(try model.write(to: folder, "wide", isWide: true), threads: 2)
    let tokens = try Fixtures.expected(name).tokens
    let found = try logits(wide, tokens, chunk: 24)
    #expect(found == (try logits(narrow, tokens, chunk: 24)))
  }
}
