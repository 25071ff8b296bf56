import SparrowCore
import SparrowTestSupport
import Testing

struct LibraryExampleTests {
  @Test("the README shows the example that is compiled here")
  func readme() throws {
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let root = tests.dropLast(2).joined(separator: "/")
    let source = String(
      decoding: try contents(of: tests.joined(separator: "/") + "/LibraryExample.swift"),
      as: UTF8.self)
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.contains("README begins") }.dropFirst()
      .prefix { !$0.contains("README ends") }
      .map { $0.dropFirst(2) }
    #expect(lines.count > 5)
    let example = lines.joined(separator: "\n").replacing(
      "load(path)", with: "load(\"model.gguf\")")
    let readme = String(decoding: try contents(of: root + "/README.md"), as: UTF8.self)
    #expect(readme.contains("```swift\nimport Sparrow\n\n" + example + "\n```"))
  }
}
