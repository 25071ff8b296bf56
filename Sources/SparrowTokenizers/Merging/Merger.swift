/// Merges the symbols of one word into tokens; keeps its buffers from word to word.
///
/// Short words scan for the best pair; long ones keep pairs in a heap, so that a megabyte without a
/// space costs n log n.
struct Merger {
  private let vocabulary: Vocabulary
  private let rule: MergeRule
  /// One entry a symbol, in text order; a symbol merged into its left neighbour is dead.
  private var symbols: [Symbol] = []
  private var heap = MergeHeap()

  private struct Symbol {
    var start: Int32
    var end: Int32
    /// -1 for text that is no token.
    var id: Int32
    var previous: Int32
    var next: Int32
    /// Of the pair with the next symbol; `none` where it does not merge.
    var rank: UInt32
    var merged: Int32
  }

  private static let none = UInt32.max
  /// Symbols up to which scanning beats the heap.
  private let scanned: Int

  init(_ vocabulary: Vocabulary, _ rule: MergeRule, scanned: Int = 24) {
    self.vocabulary = vocabulary
    self.rule = rule
    self.scanned = scanned
  }

  /// Starts a word.
  mutating func reset() { symbols.removeAll(keepingCapacity: true) }

  /// Adds the next symbol, the bytes from the last one's end to `end`.
  mutating func append(_ id: Int32, start: Int, end: Int) {
    let index = Int32(symbols.count)
    symbols.append(
      Symbol(
        start: Int32(start), end: Int32(end), id: id, previous: index - 1, next: index + 1,
        rank: Self.none, merged: -1))
  }

  var isEmpty: Bool { symbols.isEmpty }

  /// Merges until nothing merges.
  mutating func merge(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard !symbols.isEmpty else { return }
    symbols[symbols.count - 1].next = -1
    for index in 0..<symbols.count - 1 { rate(Int32(index), bytes) }
    if symbols.count <= scanned { scan(bytes) } else { drain(bytes) }
  }

  /// The symbol at `place` after merging: its token, or -1, its bytes, and the place of the next
  /// one, or -1. The first is at 0, unless `isEmpty`.
  func result(_ place: Int) -> (id: Int32, range: Range<Int>, next: Int) {
    let symbol = symbols[place]
    return (symbol.id, Int(symbol.start)..<Int(symbol.end), Int(symbol.next))
  }

  private mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>) {
    while true {
      var best = Self.none
      var place: Int32 = -1
      var at: Int32 = 0
      while at >= 0 {
        let symbol = symbols[Int(at)]
        if symbol.rank < best {
          best = symbol.rank
          place = at
        }
        at = symbol.next
      }
      guard place >= 0 else { return }
      join(place, bytes)
    }
  }

  private mutating func drain(_ bytes: UnsafeBufferPointer<UInt8>) {
    heap.reset()
    for (index, symbol) in symbols.enumerated() where symbol.rank != Self.none {
      heap.append(symbol.rank, Int32(index))
    }
    heap.order()
    while let (rank, place) = heap.pop() {
      let symbol = symbols[Int(place)]
      guard symbol.rank == rank else { continue }
      join(place, bytes)
      let now = symbols[Int(place)]
      if now.rank != Self.none { heap.push(now.rank, place) }
      if now.previous >= 0, symbols[Int(now.previous)].rank != Self.none {
        heap.push(symbols[Int(now.previous)].rank, now.previous)
      }
    }
  }

  /// Merges the symbol at `place` with the next and rates the two pairs around it anew.
  private mutating func join(_ place: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
    let right = Int(symbols[Int(place)].next)
    symbols[Int(place)].id = symbols[Int(place)].merged
    symbols[Int(place)].end = symbols[right].end
    symbols[Int(place)].next = symbols[right].next
    symbols[right].rank = Self.none
    let after = symbols[right].next
    if after >= 0 { symbols[Int(after)].previous = place }
    rate(place, bytes)
    let before = symbols[Int(place)].previous
    if before >= 0 { rate(before, bytes) }
  }

  private mutating func rate(_ place: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
    let symbol = symbols[Int(place)]
    var rank = Self.none
    var merged: Int32 = -1
    if symbol.next >= 0 {
      let next = symbols[Int(symbol.next)]
      switch rule {
      case .ranked(let table):
        if let found = table.find(symbol.id, next.id) { (rank, merged) = found }
      case .scored(let priorities):
        let joined = UnsafeBufferPointer(rebasing: bytes[Int(symbol.start)..<Int(next.end)])
        if let id = vocabulary.id(of: joined) { (rank, merged) = (priorities[Int(id)], id) }
      }
    }
    symbols[Int(place)].rank = rank
    symbols[Int(place)].merged = merged
  }
}
