import SparrowCore
import SparrowTestSupport

@testable import SparrowTokenizers

/// A folder with a tokenizer and what the reference library made of some texts.
struct TokenizerFixture {
  struct Case {
    let text: String
    let ids: [Int32]
    /// Without the tokens around the text.
    let plainIDs: [Int32]
    let decoded: String
  }

  let tokenizer: Tokenizer
  let cases: [Case]

  init(_ folder: String) throws {
    let file = folder + "/tokenizer.json"
    tokenizer = try Tokenizer(
      TokenizerDescription(
        tokenizerJSON: JSON.parse(MappedFile(path: file)),
        config: JSON.parse(MappedFile(path: folder + "/tokenizer_config.json")), file: file))
    cases = try JSON.parse(MappedFile(path: folder + "/cases.json")).array!.map { row in
      let items = row.array!
      let ids = items[1].ids
      return Case(
        text: items[0].string!, ids: ids, plainIDs: items[2].bool == true ? ids : items[2].ids,
        decoded: items[3].string!)
    }
  }

  /// A committed fixture.
  init(named name: String) throws { try self.init(Fixtures.path("tokenizers/" + name)) }
}

extension JSON {
  var ids: [Int32] { array!.map { Int32($0.int!) } }
}
