/// Finds where the first stop text begins, holding back text that may be the beginning of one.
///
/// The earliest start counts, however the text comes in pieces: a stop text that is complete waits
/// while one that began before it may still become complete. Of several with one start the shortest
/// ends the text.
struct StopScanner {
  private let stops: [[UInt8]]
  /// At most one byte less than the longest stop text has, between calls.
  private var held: [UInt8] = []

  init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// The text that can be given out, and whether a stop text was met (what follows it is dropped).
  mutating func scan(_ text: String) -> (text: String, stopped: Bool) {
    if stops.isEmpty { return (text, false) }
    held.append(contentsOf: text.utf8)
    for start in held.indices {
      if isStop(at: start) { return (give(start), true) }
      // The earliest place from which the rest may still grow into a stop text.
      if stops.contains(where: { $0.starts(with: held[start...]) }) { return (give(start), false) }
    }
    return (give(held.count), false)
  }

  /// What was held back with the decoder's last text: nothing can grow any more, but a stop text
  /// may stand in it.
  mutating func finish(_ text: String) -> (text: String, stopped: Bool) {
    if stops.isEmpty { return (text, false) }
    held.append(contentsOf: text.utf8)
    let stop = held.indices.first(where: isStop)
    return (give(stop ?? held.count), stop != nil)
  }

  private func isStop(at start: Int) -> Bool {
    stops.contains { held[start...].starts(with: $0) }
  }

  /// Takes out what lies before `end`.
  private mutating func give(_ end: Int) -> String {
    defer { held.removeFirst(end) }
    return String(decoding: held[..<end], as: UTF8.self)
  }
}
