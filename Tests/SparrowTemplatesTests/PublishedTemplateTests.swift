import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTemplates

/// Published chat templates render as transformers' Jinja does, or are refused by both.
///
/// Off by default: `Scripts/check_templates.sh` names the cases, which are not committed.
@Suite struct PublishedTemplateTests {
  static let path = environment("SPARROW_TEMPLATE_CASES")

  @Test(.enabled(if: path != nil)) func rendersOrRefusesAsJinja() throws {
    let documents = try JSON.parse(try MappedFile(path: try #require(Self.path))).array ?? []
    var (same, refused) = (0, 0)
    for document in documents {
      let name = document["name"]?.string ?? ""
      let source = document["source"]?.string ?? ""
      for entry in document["cases"]?.array ?? [] {
        let expected = entry["expected"]?.string
        let place = "\(name), \(entry["conversation"]?.string ?? "")"
        do {
          let text = try render(source, entry, name)
          let isSame = expected.map { text.utf8.elementsEqual($0.utf8) } ?? false
          #expect(isSame, "\(place): \(text.debugDescription)\nnot \(expected.debugDescription)")
          if isSame { same += 1 }
        } catch {
          #expect(expected == nil, "\(place): \(error)")
          if let raised = entry["raises"]?.string { #expect(error.found == raised, "\(place)") }
          if expected == nil { refused += 1 }
        }
      }
    }
    print("\(documents.count) templates: \(same) renderings the same, \(refused) refused by both")
    #expect(same > 0)
  }

  private func render(
    _ source: String, _ entry: JSON, _ name: String
  ) throws(SparrowError) -> String {
    var variables: [String: JSON] = [:]
    for (name, value) in entry["variables"]?.members ?? [] { variables[name] = value }
    return try ChatTemplate(source: source, file: name).render(
      messages: [], addGenerationPrompt: entry["generate"]?.bool ?? true, bosToken: "<s>",
      eosToken: "</s>", variables: variables
    ).text
  }
}
