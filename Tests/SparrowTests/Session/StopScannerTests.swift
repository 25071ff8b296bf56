import SparrowCore
import Testing

@testable import Sparrow

/// Stop texts end a text where the first of them begins, whatever pieces it comes in.
@Suite struct StopScannerTests {
  /// What all of `pieces` give out, and whether a stop text was met.
  private func scan(_ pieces: [String], _ stops: [String]) -> (text: String, stopped: Bool) {
    var scanner = StopScanner(stops)
    var given = ""
    for piece in pieces {
      let (text, stopped) = scanner.scan(piece)
      given += text
      if stopped { return (given, true) }
    }
    let (text, stopped) = scanner.finish("")
    return (given + text, stopped)
  }

  /// The text before the earliest place at which a stop text stands.
  private func reference(_ text: String, _ stops: [String]) -> (text: String, stopped: Bool) {
    let bytes = Array(text.utf8)
    for start in bytes.indices {
      for stop in stops where !stop.isEmpty && bytes[start...].starts(with: stop.utf8) {
        return (String(decoding: bytes[..<start], as: UTF8.self), true)
      }
    }
    return (text, false)
  }

  @Test(arguments: [
    (["ab", "c"], ["abcd", "bc"], "a", true), (["abc", "d"], ["abcd", "bc"], "", true),
    (["abc", "e"], ["abcd", "bc"], "a", true), (["ab"], ["a", "ab"], "", true),
    (["xa", "a"], ["aab", "aa"], "x", true), (["ab"], ["abc"], "ab", false),
    (["ab"], ["", "abc", "b\u{301}"], "ab", false),
  ]) func theEarliestStartCounts(
    _ pieces: [String], _ stops: [String], _ text: String, _ stopped: Bool
  ) {
    let found = scan(pieces, stops)
    #expect(found.text == text && found.stopped == stopped)
  }

  @Test func piecesChangeNothing() {
    var random = SeededRandom(seed: 3)
    let letters = ["a", "b", "\u{E9}", "\u{1F426}"]
    func word(_ longest: Int) -> String {
      (0..<Int(random.next() % UInt64(longest + 1))).map { _ in letters[Int(random.next() % 4)] }
        .joined()
    }
    var met = 0
    for _ in 0..<20_000 {
      let pieces = (0..<(1 + random.next() % 6)).map { _ in word(3) }
      let stops = (0..<(1 + random.next() % 3)).map { _ in word(4) }
      let found = scan(pieces, stops)
      let expected = reference(pieces.joined(), stops)
      #expect(found.text.utf8.elementsEqual(expected.text.utf8), "\(pieces) \(stops)")
      #expect(found.stopped == expected.stopped, "\(pieces) \(stops)")
      if found.stopped { met += 1 }
    }
    #expect(met > 4_000 && met < 19_000)
  }
}
