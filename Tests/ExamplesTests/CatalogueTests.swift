import SparrowCore
import SparrowTestSupport
import Testing

/// The articles of the DocC catalogue name what there is.
struct CatalogueTests {
  private static let sources = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/Sources/"
  }()

  @Test("symbols in double backticks are words of public declarations")
  func symbols() throws {
    let words = try Self.publicWords()
    let catalogue = Self.sources + "Sparrow/Sparrow.docc"
    let articles = Files.allFiles(under: catalogue)
    #expect(articles.count == 4)
    for article in articles {
      let text = String(decoding: try contents(of: catalogue + "/" + article), as: UTF8.self)
      // Every second part stands between double backticks.
      let parts = text.replacing("```", with: "~").split(
        separator: "``", omittingEmptySubsequences: false)
      for place in stride(from: 1, to: parts.count, by: 2) {
        let link = parts[place]
        let missing = Self.words(of: link).filter {
          $0 != "_" && $0 != "Sparrow" && !words.contains($0)
        }
        #expect(missing.isEmpty, "\(article): \(link)")
      }
    }
  }

  /// The words of the room's public declarations, up to three lines long.
  private static func publicWords() throws -> Set<Substring> {
    var words: Set<Substring> = []
    for file in Files.allFiles(under: sources + "Sparrow") where file.hasSuffix(".swift") {
      let text = String(decoding: try contents(of: sources + "Sparrow/" + file), as: UTF8.self)
      let lines = text.split(separator: "\n")
      for (index, line) in lines.enumerated() where line.contains("public ") {
        for line in lines[index..<min(index + 3, lines.count)] {
          words.formUnion(Self.words(of: line))
        }
      }
    }
    return words
  }

  private static func words(of text: Substring) -> [Substring] {
    text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
  }
}
