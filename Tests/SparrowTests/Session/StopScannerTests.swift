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

  /// Looks at every place anew.
  private struct SimpleScanner {
    let stops: [[UInt8]]
    var held: [UInt8] = []

    mutating func scan(_ text: String) -> (text: String, stopped: Bool) {
      held += text.utf8
      for start in held.indices {
        let rest = held[start...]
        let isStop = stops.contains { rest.starts(with: $0) }
        if isStop || stops.contains(where: { $0.starts(with: rest) }) {
          return (give(start), isStop)
        }
      }
      return (give(held.count), false)
    }

    mutating func give(_ end: Int) -> String {
      defer { held.removeFirst(end) }
      return String(decoding: held[..<end], as: UTF8.self)
    }
  }

  @Test func eachPieceGivesWhatASimpleSearchGives() {
    var random = SeededRandom(seed: 11)
    func word(_ longest: Int) -> String {
      String(
        (0..<Int(random.next() % UInt64(longest + 1))).map { _ in
          random.next() % 3 == 0 ? "b" : "a" as Character
        })
    }
    for _ in 0..<10_000 {
      let stops = (0..<3).map { _ in word(9) }.filter { !$0.isEmpty }
      var scanner = StopScanner(stops)
      var simple = SimpleScanner(stops: stops.map { Array($0.utf8) })
      for _ in 0..<12 {
        let piece = word(4)
        let (found, expected) = (scanner.scan(piece), simple.scan(piece))
        #expect(found.text == expected.text && found.stopped == expected.stopped, "\(stops)")
        if expected.stopped { break }
      }
    }
  }

  @Test func longStopTextsTakeLinearTime() {
    // Compared at every place, the last piece alone would take 2^36 steps.
    let dashes = String(repeating: "-", count: 1 << 17)
    let stops = (0..<4).map { dashes + "x\($0)" }
    let piece = String(repeating: "-", count: 1 << 7)
    let found = scan(Array(repeating: piece, count: 1 << 10) + ["y"], stops)
    #expect(found.text.utf8.count == dashes.utf8.count + 1 && !found.stopped)
    let met = scan([dashes, "-x2"], stops)
    #expect(met.text == "-" && met.stopped)
  }

  @Test func stopTextsAreBounded() throws {
    let longest = GenerationOptions.longestStop
    try GenerationOptions(stop: [String(repeating: "a", count: longest)]).validate()
    #expect {
      try GenerationOptions(stop: ["b", String(repeating: "a", count: longest + 1)]).validate()
    } throws: { error in
      (error as? SparrowError)?.kind == .argument && (error as? SparrowError)?.field == "stop"
    }
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
