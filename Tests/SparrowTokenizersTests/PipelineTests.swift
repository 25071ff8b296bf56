import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// Pipelines of every kind, and added tokens of every flag, against the ids of the `tokenizers`
/// library.
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

  @Test func damagedPipelinesThrowOrWork() throws {
    var mutator = Mutator(seed: 29)
    var accepted = 0
    let rows = Self.document?["pipelines"]?.array ?? []
    let samples = rows.map { row in
      let members = (row.members ?? []).filter { !["cases", "name", "base"].contains($0.key) }
      return Array(JSON.object(members).text().utf8)
    }
    for round in 0..<1200 {
      let model = Self.document?["models"]?[rows[round % rows.count]["base"]?.string ?? ""]
      do throws(SparrowError) {
        let json = try JSON.parse(mutator.mutate(samples[round % rows.count], donors: samples))
        let members = (json.members ?? []) + [(key: "model", value: model ?? .null)]
        let tokenizer = try Tokenizer(
          TokenizerDescription(tokenizerJSON: .object(members), config: nil, file: "p"))
        let ids = tokenizer.encode("the \u{E9}<tool> A1\n \u{1F600}e\u{301}", parseSpecial: true)
        _ = tokenizer.decode(ids)
        accepted += 1
      } catch {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
      }
    }
    #expect(accepted > 50 && accepted < 1150)
  }
}
