import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// Pipelines of every kind, and added tokens of every flag, against the ids of the `tokenizers` library.
@Suite struct PipelineTests {
  static let document = try? JSON.parse(
    MappedFile(
      path: environment("SPARROW_PIPELINE_CASES") ?? Fixtures.path("tokenizers/pipelines.json")))
  static let names = document?["pipelines"]?.array?.map { $0["name"]?.string ?? "" } ?? []

  @Test func thereAreMany() { #expect(Self.names.count > 30) }

  @Test(arguments: names) func idsAreTheLibrarys(name: String) throws {
    let pipelines = Self.document?["pipelines"]?.array
    let row = try #require(pipelines?.first { $0["name"]?.string == name })
    let model = try #require(Self.document?["models"]?[row["base"]?.string ?? ""])
    let members = (row.members ?? []) + [(key: "model", value: model)]
    let tokenizer = try Tokenizer(
      TokenizerDescription(tokenizerJSON: .object(members), config: nil, file: name))
    for item in row["cases"]?.array ?? [] {
      let text = item.array?[0].string ?? ""
      let expected = item.array?[1].array?.compactMap { $0.int.map { Int32($0) } } ?? []
      let found = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
      #expect(found == expected, "\(name): \(text.debugDescription)")
    }
  }
}
