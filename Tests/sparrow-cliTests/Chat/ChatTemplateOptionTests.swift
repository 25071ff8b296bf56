import SparrowTestSupport
import Testing

@testable import SparrowHub

struct ChatTemplateOptionTests {
  @Test("a template that is none is told before the model is loaded")
  func broken() throws {
    let folder = try TemporaryFolder()
    try folder.write("t.jinja", "{% if 1 %}\n{{ ")
    let file = folder.path + "/t.jinja"
    let outcome = try ProgramTests.run(["chat", GenerateTests.model, "--chat-template", file])
    #expect(outcome.status == 1)
    #expect(outcome.complaint.contains(file + ": line 2"))
    let missing = try ProgramTests.run(["chat", GenerateTests.model, "--chat-template", "/no/such"])
    #expect(missing.status == 1 && missing.complaint.contains("/no/such"))
  }
}
