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

  private static let pages =
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Data/README.md"]
    + ["docs", "Adapters", "Sources/Sparrow/Sparrow.docc"].flatMap { folder in
      Files.allFiles(under: root + folder).filter { $0.hasSuffix(".md") }.map { folder + "/" + $0 }
    }

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

  @Test("files that pages name, and pages that they link to, are there", arguments: pages)
  func places(page: String) throws {
    let text = try Self.text(page)
    let folder = page.split(separator: "/").dropLast().map { $0 + "/" }.joined()
    for link in text.split(separator: "](").dropFirst() {
      let place = link.prefix { !")#".contains($0) }
      guard !place.isEmpty, !place.contains(":") else { continue }
      #expect(isFolder(Self.root + folder + place) != nil, "\(page): \(place)")
    }
    for word in text.split(whereSeparator: { " \n`()|,;".contains($0) }) {
      let name = word.last == "." || word.last == ":" ? word.dropLast() : word
      guard
        name.hasPrefix("Sources/") || name.hasPrefix("Tests/") || name.hasPrefix("Scripts/")
          || name.hasPrefix("Benchmarks/") || name.hasPrefix("Examples/")
      else { continue }
      let isPattern = name.contains("Name") || name.contains("NAME") || name.contains("*")
      #expect(isPattern || isFolder(Self.root + name) != nil, "\(page): \(name)")
    }
  }

  @Test("prose keeps to 100 columns", arguments: pages)
  func width(page: String) throws {
    var isCode = false
    for line in try Self.text(page).split(separator: "\n") {
      if line.hasPrefix("```") { isCode.toggle() }
      if isCode || line.hasPrefix("|") || line.hasPrefix("!") { continue }
      #expect(line.count <= 100, "\(page): \(line)")
    }
  }
}
