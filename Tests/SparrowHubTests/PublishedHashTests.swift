import SparrowCore
import Testing

@testable import SparrowHub

struct PublishedHashTests {
  @Test("a file is proved by SHA-256, by git's name or by SHA-1 of its bytes")
  func proves() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a", Array("hello\n".utf8))
    let sha256 = hexSHA256(Array("hello\n".utf8))
    let right = [
      sha256.uppercased(), "\"ce013625030ba8dba906f756967f9e9ca394464a\"",
      "f572d396fae9206628714fb2ce00f72e94f2258f",
    ]
    for text in right {
      let hash = try #require(PublishedHash(text))
      #expect(try hash.mismatch(ofFile: path, sha256: sha256) == nil)
    }
    for text in [String(repeating: "0", count: 40), String(repeating: "0", count: 64)] {
      let hash = try #require(PublishedHash(text))
      #expect(try hash.mismatch(ofFile: path, sha256: sha256) != nil)
    }
    for text in [
      "", "W/\"12\"", String(repeating: "g", count: 40), "d41d8cd98f00b204e9800998ecf8427e",
    ] {
      #expect(PublishedHash(text) == nil)
    }
  }
}
