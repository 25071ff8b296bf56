import SparrowCore
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// What rows of random weights choose.
@Suite struct PlantedChoiceTests {
  @Test(
    "rows choose as much as one, and together as much as published",
    arguments: ["opt-6.7b", "opt-30b", "opt-66b"])
  func unions(name: String) throws {
    let unions = try PublishedUnions(name)
    let count = unions.shape.neurons
    for (rows, part) in unions.neurons {
      var random = SeededRandom(seed: 3)
      let choice = PlantedChoice(
        rows: rows, of: count, own: unions.density, union: part, &random)
      let each = Int((unions.density * Double(count)).rounded())
      #expect(choice.rows.allSatisfy { $0.count == each })
      #expect(choice.union.count == Int((part * Double(count)).rounded()))
    }
  }

  @Test("a shape's model has its dimensions")
  func model() throws {
    let model = try PublishedUnions("opt-30b").model()
    #expect(model.hidden == 7168 && model.layers.count == 48 && model.vocabulary == 50272)
    #expect(model.layers[0].feedForward.width == 28672 && !model.layers[0].feedForward.gated)
    #expect(model.layers[0].attention.isMultiHead && model.layers[0].attention.heads == 56)
  }

  @Test("a shape whose unions nobody published is refused with those that are")
  func unknown() throws {
    let found = #expect(throws: SparrowError.self) { _ = try PublishedUnions("llama2-7b") }
    #expect(found?.expected.hasPrefix("opt-30b, opt-6.7b, opt-66b") == true)
  }
}
