/// What a sampler knows of single tokens: their bias, and how often they have come.
///
/// The tokens that matter lie in ascending order, so that a scan over ascending vocabulary rows
/// finds them by merging, without a table as large as the vocabulary. Adding a token costs O(tokens
/// that matter) at worst.
struct TokenHistory {
  struct Entry: BitwiseCopyable {
    let token: Int32
    var bias: Float = 0
    /// How often it is among the last tokens.
    var recent: Int32 = 0
    /// How often it has been generated.
    var generated: Int32 = 0
  }

  /// How many of the last tokens count as recent.
  private let window: Int
  private let countsGenerated: Bool
  private let biases: [Int32: Float]
  private var ring: [Int32] = []
  private var next = 0
  /// The tokens that matter, ascending.
  private(set) var entries: [Entry] = []

  init(_ options: SamplingOptions) {
    window = options.repetitionPenalty == 1 ? 0 : options.repetitionWindow
    countsGenerated = options.presencePenalty != 0 || options.frequencyPenalty != 0
    biases = options.bias
    ring.reserveCapacity(window)
    entries.reserveCapacity(window + biases.count)
    removeAll()
  }

  mutating func append(_ token: Int32, isGenerated: Bool) {
    if countsGenerated, isGenerated { change(token) { $0.generated += 1 } }
    guard window > 0 else { return }
    if ring.count < window {
      ring.append(token)
    } else {
      change(ring[next]) { $0.recent -= 1 }
      ring[next] = token
      next = next + 1 == window ? 0 : next + 1
    }
    change(token) { $0.recent += 1 }
  }

  /// Forgets all but the biases.
  mutating func removeAll() {
    ring.removeAll(keepingCapacity: true)
    next = 0
    entries.removeAll(keepingCapacity: true)
    for (token, bias) in biases.sorted(by: { $0.key < $1.key }) where bias != 0 {
      entries.append(Entry(token: token, bias: bias))
    }
  }

  private mutating func change(_ token: Int32, _ body: (inout Entry) -> Void) {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].token < token { low = middle + 1 } else { high = middle }
    }
    if low == entries.count || entries[low].token != token {
      entries.insert(Entry(token: token), at: low)
    }
    body(&entries[low])
    let entry = entries[low]
    if entry.recent == 0, entry.generated == 0, entry.bias == 0 { entries.remove(at: low) }
  }
}
