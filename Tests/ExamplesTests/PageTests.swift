import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

/// What pages for people say of the code.
struct PageTests {
  private static let root = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/"
  }()

  private static func text(_ path: String) throws -> String {
    String(decoding: try contents(of: root + path), as: UTF8.self)
  }

  @Test("the README shows the example that is compiled")
  func example() throws {
    let lines = try Self.text("Examples/Generate/Generate.swift")
      .split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.contains("README begins") }.dropFirst()
      .prefix { !$0.contains("README ends") }
      .map { $0.dropFirst(4) }
    #expect(lines.count > 5)
    let example = lines.joined(separator: "\n").replacing(
      "load(path)", with: "load(\"model.gguf\")")
    let readme = try Self.text("README.md")
    #expect(readme.contains("```swift\nimport Sparrow\n\n" + example + "\n```"))
  }

  @Test("figures in pages are those of Benchmarks/results")
  func tables() throws {
    let check = try Subprocess(
      arguments: ["python3", Self.root + "Benchmarks/tables.py", "--check"],
      environment: processEnvironment()
    ).run()
    #expect(check.status == 0, "\(check.complaint)")
  }
}
