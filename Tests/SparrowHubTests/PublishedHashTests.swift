import SparrowCore
import Testing

@testable import SparrowHub

struct PublishedHashTests {
  @Test(
    "SHA-1 gives the standard's values, however the bytes arrive",
    arguments: [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
      ),
      (String(repeating: "a", count: 1000), "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
    ])
  func standard(text: String, digest: String) {
    for piece in [1, 63, 64, 65, 1000] {
      var hash = SHA1()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: piece) {
        hash.update(Array(bytes[start..<min(start + piece, bytes.count)]))
      }
      #expect(hash.hexDigest() == digest)
    }
  }

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
