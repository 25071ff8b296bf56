import Testing

@testable import SparrowServer

struct PlaygroundTests {
  private let page: String

  init() {
    let answer = Playground.answer
    #expect(answer.headers.contains { $0 == ("content-type", "text/html; charset=utf-8") })
    page = String(decoding: answer.bytes, as: UTF8.self)
  }

  @Test("the page is whole, small, and needs nothing from elsewhere")
  func selfContained() {
    #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
    #expect(page.utf8.count < 60_000)
    #expect(page.contains("default-src 'none'"))
    for word in ["src=", "@import", "url(", "import(", "<link rel=\"stylesheet"] {
      #expect(!page.contains(word), "\(word)")
    }
  }

  @Test("text of a model never becomes markup")
  func safeText() {
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
      #expect(!page.contains(word), "\(word)")
    }
  }

  @Test("every element that the scripts name is there once")
  func names() {
    let named = page.split(separator: "byId(\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(named.count > 10)
    for name in Set(named) {
      #expect(page.split(separator: "id=\"\(name)\"", omittingEmptySubsequences: false).count == 2)
    }
  }
}
