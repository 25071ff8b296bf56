import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Whatever sequences share, cut and write, each gives the bits of one that has all for itself.
@Suite(.serialized) struct SharedPagesTests {
  @Test(
    "sequences over shared pages equal their twins with none", arguments: TestBackend.all,
    [
      ("llama3", PlanKind.dense), ("gemma3", .networks), ("llama2", .attention),
      ("qwen3", .attention), ("gpt-neox", .all),
    ])
  func twins(backend: TestBackend, own: (name: String, kind: PlanKind)) throws {
    let path = Fixtures.path("models/" + own.name)
    let house = try SharedPagesRun(backend.open(path, threads: 1) { own.kind.plan($0) })
    for _ in 0..<300 { try house.act() }
    #expect(house.adopted > 8)
    #expect(house.refused > 4)
    #expect(house.copied > 2)
    house.leave()
    #expect(house.pool.used == 0)
  }
}

/// Random requests over one pool, and beside each a twin with a cache of its own.
private final class SharedPagesRun {
  private struct Pair {
    let shared: SequenceState
    let twin: SequenceState
    var text: [Int32] = []
  }

  let pool: PagePool
  private(set) var adopted = 0
  private(set) var refused = 0
  private(set) var copied = 0
  private let backend: any Backend
  private var pairs: [Pair] = []
  /// Whole pages of texts, as a cache of beginnings keeps them.
  private var kept: [(text: [Int32], pages: [CachePage])] = []
  private var random = SeededRandom(seed: 7)
  private static let most = 200

  init(_ backend: any Backend) throws {
    self.backend = backend
    pool = try backend.pagePool(
      type: .f16, limit: 6 * PagePool.pageBytes(backend.model, .f16))
    for _ in 0..<3 {
      pairs.append(
        Pair(
          shared: try backend.sequence(capacity: Self.most, in: pool),
          twin: try backend.sequence(capacity: Self.most, type: .f16)))
    }
  }

  /// Gives all pages back.
  func leave() {
    kept = []
    pairs.forEach { $0.shared.clear() }
  }

  func act() throws {
    let index = Int.random(in: 0..<pairs.count, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1: start(index)
    case 2, 3: prompt(index, tokens(Int.random(in: 1...32, using: &random)))
    case 4: cut(index)
    case 5, 6: keep(index)
    default: for _ in 0..<Int.random(in: 1...40, using: &random) { decode() }
    }
  }

  private func tokens(_ count: Int) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: 0..<100, using: &random) }
  }

  /// Begins a text anew: where one is kept, with its pages.
  private func start(_ index: Int) {
    pairs[index].shared.clear()
    pairs[index].twin.clear()
    pairs[index].text = []
    guard let (text, pages) = kept.randomElement(using: &random) else {
      return prompt(index, tokens(Int.random(in: 60...160, using: &random)))
    }
    pairs[index].shared.adopt(pages)
    pairs[index].text = text
    backend.prompt(text[...], pairs[index].twin)
    adopted += 1
  }

  private func prompt(_ index: Int, _ new: [Int32]) {
    let pair = pairs[index]
    let new = Array(new.prefix(Self.most - pair.text.count))
    guard !new.isEmpty, hasRoom(for: new.count, of: pair.shared) else { return }
    backend.prompt(new[...], pair.shared)
    let row = (new.count - 1) % 32
    let last = Array(backend.hidden(row: row))
    backend.prompt(new[...], pair.twin)
    #expect(last == Array(backend.hidden(row: row)))
    pairs[index].text += new
  }

  /// A token of each sequence that has room, together; of their twins one by one.
  private func decode() {
    let ready = pairs.indices.filter {
      !pairs[$0].text.isEmpty && pairs[$0].text.count < Self.most
        && hasRoom(for: 1, of: pairs[$0].shared)
    }
    guard !ready.isEmpty else { return }
    let next = tokens(ready.count)
    backend.step(.decode(next, of: ready.map { pairs[$0].shared }))
    let found = ready.indices.map { Array(backend.hidden(row: $0)) }
    for (row, index) in ready.enumerated() {
      backend.step(.decode([next[row]], of: [pairs[index].twin]))
      #expect(found[row] == Array(backend.hidden(row: 0)))
      pairs[index].text.append(next[row])
    }
  }

  private func cut(_ index: Int) {
    let count = Int.random(in: 0...pairs[index].text.count, using: &random)
    pairs[index].text.removeLast(pairs[index].text.count - count)
    pairs[index].shared.truncate(to: count)
    pairs[index].twin.truncate(to: count)
  }

  private func keep(_ index: Int) {
    let pair = pairs[index]
    let whole = pair.text.count / CachePage.positions
    let pages = Array(pair.shared.pages.prefix(whole).prefix { $0.isDense })
    guard !pages.isEmpty else { return }
    kept.append((Array(pair.text.prefix(pages.count * CachePage.positions)), pages))
    if kept.count > 3 { kept.removeFirst() }
  }

  /// Makes room; where the budget refuses, nothing has changed, and a kept text goes.
  private func hasRoom(for rows: Int, of sequence: SequenceState) -> Bool {
    let before = (sequence.count, sequence.pages.map(\.place), pool.used)
    if sequence.reserve(rows) {
      let pages = sequence.pages.prefix(before.1.count).map(\.place)
      if pages != before.1 { copied += 1 }
      return true
    }
    #expect(before == (sequence.count, sequence.pages.map(\.place), pool.used))
    refused += 1
    if !kept.isEmpty { kept.removeFirst() }
    return false
  }
}
