import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTemplates

@Suite struct ChatTemplateTests {
  /// Renders a fixture and compares bytes or errors.
  private func check(_ fixture: ChatFixture, _ template: ChatTemplate) {
    do {
      let text = try fixture.render(template)
      guard let expected = fixture.expected else {
        Issue.record("\(fixture) gave \(text.debugDescription) instead of an error")
        return
      }
      #expect(text.utf8.elementsEqual(expected.utf8), "\(fixture): \(text.debugDescription)")
    } catch {
      guard fixture.expected == nil else {
        Issue.record("\(fixture) threw \(error)")
        return
      }
      if let raised = fixture.raised {
        #expect(error.kind == .argument)
        #expect(error.found == raised)
      } else {
        #expect(error.kind == .malformed || error.kind == .unsupported, "\(fixture): \(error)")
      }
    }
  }

  @Test(arguments: Fixtures.chatModels) func rendersLikeJinja(_ name: String) throws {
    let fixtures = try ChatFixture.load(name)
    #expect(fixtures.count >= 15)
    let template = try ChatTemplate(source: fixtures[0].source, file: name)
    for fixture in fixtures { check(fixture, template) }
  }

  @Test func constructsMeanWhatTheyMeanInJinja() throws {
    let fixtures = try ChatFixture.load("constructs")
    #expect(fixtures.count >= 80)
    for fixture in fixtures {
      do {
        check(fixture, try ChatTemplate(source: fixture.source, file: "construct"))
      } catch {
        #expect(fixture.expected == nil && fixture.raised == nil, "\(fixture): \(error)")
        #expect(error.kind == .malformed || error.kind == .unsupported, "\(fixture): \(error)")
      }
    }
  }
}
