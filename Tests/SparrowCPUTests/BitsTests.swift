import CSparrowKernels
import SparrowBlocks
import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What every fixture model computes, dense and with each kind of plan, to the bit.
///
/// `Tests/Fixtures/bits.json` holds a hash of all logits by instruction set.
/// `SPARROW_WRITE_BITS=FILE` writes it anew: only a change that is meant to change what users
/// compute may do so.
@Suite(.serialized) struct BitsTests {
  static let sets = ["scalar", "avx2", "avx512"]

  @Test(arguments: Fixtures.models)
  func logitsAreTheSameBits(name: String) throws {
    let known = try JSON.parse(contents(of: Fixtures.path("bits.json")))
    for set in Self.sets where sk_use_isa_here(set) == 1 {
      defer { sk_use_isa_here(nil) }
      for kind in PlanKind.allCases {
        let found = try Self.hash(name, kind)
        #expect(found == known[set]?["\(name) \(kind)"]?.string, "\(name) \(kind) with \(set)")
      }
    }
  }

  @Test("writes the hashes anew", .enabled(if: environment("SPARROW_WRITE_BITS") != nil))
  func write() throws {
    let path = try #require(environment("SPARROW_WRITE_BITS"))
    var sets: [(key: String, value: JSON)] = []
    for set in Self.sets {
      try #require(sk_use_isa_here(set) == 1, "a machine without \(set)")
      defer { sk_use_isa_here(nil) }
      let hashes = try Fixtures.models.flatMap { name in
        try PlanKind.allCases.map { kind in
          (key: "\(name) \(kind)", value: JSON.string(try Self.hash(name, kind)))
        }
      }
      sets.append((set, .object(hashes)))
    }
    var file = try AtomicFile(path: path)
    try file.write(Array((JSON.object(sets).text(indent: 1) + "\n").utf8))
    try file.commit()
  }

  /// Of the program's text, a prompt's logits, a few greedy tokens', and a batch's of three
  /// sequences.
  static func hash(_ name: String, _ kind: PlanKind) throws -> String {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let model = binding.configuration
    let plan = kind.plan(model)
    let engine = try CPUEngine(
      binding, pool: try WorkerPool(count: 1), maximumRows: 32, plan: plan)
    var hash = BitHash()
    hash.add(plan.rewrite(StepProgram(model)).text(binding, plan: plan))
    let prompt = Array(try Fixtures.expected(name).tokens.prefix(16))
    func step(_ tokens: [Int32], _ caches: [SequenceState]) -> [Int32] {
      engine.step(.decode(tokens, of: caches))
      return tokens.indices.map { row in
        let output = engine.output(row: row)
        hash.add(output.logits)
        let best = output.logits.indices.max { output.logits[$0] < output.logits[$1] } ?? 0
        return output.ids?[best] ?? Int32(best)
      }
    }
    let cache = try engine.sequence(capacity: 32)
    engine.step(.prompt(prompt, of: cache))
    hash.add(engine.logits(rows: 0..<prompt.count))
    var token = prompt[0]
    for _ in 0..<6 { token = step([token], [cache])[0] }
    let others = try (1...2).map { length in
      let other = try engine.sequence(capacity: 32)
      engine.step(.prompt(prompt.prefix(4 * length), of: other))
      return other
    }
    var tokens = [token, prompt[1], prompt[2]]
    for _ in 0..<2 { tokens = step(tokens, [cache] + others) }
    return hash.text
  }
}

/// FNV-1a over text and the bits of numbers.
struct BitHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ text: String) {
    for byte in text.utf8 { add(UInt64(byte)) }
  }

  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for value in values { add(UInt64(value.bitPattern)) }
  }

  private mutating func add(_ word: UInt64) { state = (state ^ word) &* 0x100_0000_01B3 }

  var text: String { String(state, radix: 16) }
}
