/// Finds where the first stop text begins, holding back text that may be the beginning of one.
///
/// The earliest start counts, however the text comes in pieces: a stop text that is complete waits
/// while one that began before it may still become complete. Of several with one start the shortest
/// ends the text. Linear time in the text and the number of stop texts.
struct StopScanner {
  private var stops: [StopText]
  /// From the earliest place on that may still grow into a stop text.
  private var held: [UInt8] = []
  /// Where in `held` the earliest stop text begins that is complete.
  private var found: Int?

  init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { StopText($0) } }

  /// The text that can be given out, and whether a stop text was met (what follows it is dropped).
  mutating func scan(_ text: String) -> (text: String, stopped: Bool) {
    if stops.isEmpty { return (text, false) }
    for byte in text.utf8 {
      held.append(byte)
      for index in stops.indices {
        stops[index].take(byte)
        guard stops[index].isComplete else { continue }
        let start = held.count - stops[index].matched
        found = min(found ?? start, start)
      }
      if let found, found <= growing { return (give(found), true) }
    }
    return (give(growing), false)
  }

  /// What was held back with the decoder's last text: nothing can grow any more, but a stop text
  /// may stand in it.
  mutating func finish(_ text: String) -> (text: String, stopped: Bool) {
    let (certain, stopped) = scan(text)
    if stopped { return (certain, true) }
    let stop = found
    return (certain + give(stop ?? held.count), stop != nil)
  }

  /// Where in `held` a stop text may begin that is not complete.
  private var growing: Int { held.count - stops.reduce(0) { max($0, $1.matched) } }

  /// Takes out what lies before `end`.
  private mutating func give(_ end: Int) -> String {
    defer {
      held.removeFirst(end)
      found = found.map { $0 - end }
    }
    return String(decoding: held[..<end], as: UTF8.self)
  }
}
