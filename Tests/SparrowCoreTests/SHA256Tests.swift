import SparrowCore
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 examples and NIST's long ones.
  private static let vectors: [(text: String, repeats: Int, digest: String)] = [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]

  @Test(arguments: [false, true]) func knownVectors(portable: Bool) {
    for (text, repeats, digest) in Self.vectors {
      let bytes = Array(repeating: Array(text.utf8), count: repeats).flatMap { $0 }
      var hash = SHA256(portable: portable)
      hash.update(bytes)
      #expect(hash.hexDigest() == digest)
    }
  }

  @Test func bothWaysAgreeAtEveryLengthAndCut() {
    var random = SeededRandom(seed: 7)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let cut = Int(random.next() % UInt64(length + 1))
      var whole = SHA256(portable: true)
      whole.update(bytes)
      var parts = SHA256()
      parts.update(Array(bytes[..<cut]))
      // A digest taken on the way changes nothing.
      _ = parts.digest()
      parts.update(Array(bytes[cut...]))
      #expect(whole.digest() == parts.digest())
    }
  }

  @Test func textCountsAsItsUTF8() {
    var text = SHA256()
    text.update("é")
    var bytes = SHA256()
    bytes.update([0xC3, 0xA9])
    #expect(text.digest() == bytes.digest())
  }
}
