import SparrowCore
import Testing

@testable import Sparrow
@testable import SparrowGrammar

struct SamplerTests {
  static let vocabulary = 512

  static func logits(seed: UInt64, count: Int = vocabulary) -> [Float] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in random.uniform() * 12 - 6 }
  }

  static func draw(_ sampler: inout Sampler, _ logits: [Float]) -> Int32 {
    logits.withUnsafeBufferPointer { sampler.sample($0) }
  }

  static func draw(_ sampler: inout Sampler, _ ids: [Int32], _ logits: [Float]) -> Int32 {
    ids.withUnsafeBufferPointer { ids in
      logits.withUnsafeBufferPointer { sampler.sample(ids: ids, logits: $0) }
    }
  }

  static let settings: [SamplingOptions] = [
    .greedy,
    .init(temperature: 1, topK: 0, topP: 1, minP: 0),
    .init(temperature: 0.7, topK: 40, topP: 0.9, minP: 0.05),
    .init(temperature: 1.3, topK: 0, topP: 0.95, minP: 0),
    .init(temperature: 1, topK: 0, topP: 1, minP: 0.1),
    .init(temperature: 0.8, topK: 20, topP: 1, minP: 0, repetitionPenalty: 1.3),
    .init(temperature: 0, repetitionPenalty: 1.2, repetitionWindow: 8),
  ]

  @Test("all rows as candidates give the dense head's tokens", arguments: settings.indices)
  func candidatesEqualDense(setting: Int) throws {
    var dense = try Sampler(Self.settings[setting])
    var sparse = dense
    let ids = (0..<Int32(Self.vocabulary)).map { $0 }
    for step in 0..<50 {
      let logits = Self.logits(seed: UInt64(step))
      #expect(Self.draw(&dense, logits) == Self.draw(&sparse, ids, logits))
    }
  }

  @Test("the likeliest rows as candidates give the dense head's tokens under top-k")
  func likeliestCandidates() throws {
    var dense = try Sampler(.init(temperature: 1, topK: 16, seed: 7))
    var sparse = dense
    for step in 0..<50 {
      let logits = Self.logits(seed: UInt64(step))
      let ids = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(32).sorted()
      let token = Self.draw(&sparse, ids.map(Int32.init), ids.map { logits[$0] })
      #expect(token == Self.draw(&dense, logits))
    }
  }

  /// What the steps leave over, computed the slow and obvious way.
  static func expected(_ logits: [Float], _ options: SamplingOptions) -> [Int: Double] {
    var order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    if options.topK > 0 { order = Array(order.prefix(options.topK)) }
    func softmax(_ temperature: Double) -> [Double] {
      let weights = order.map { Double(Float.exp(logits[$0] / Float(temperature))) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
    var sum = 0.0
    var count = 0
    for probability in softmax(1) where sum < Double(options.topP) || count == 0 {
      sum += probability
      count += 1
    }
    order = Array(order.prefix(count))
    let top = softmax(1)[0]
    order = zip(order, softmax(1)).filter { $1 >= Double(options.minP) * top }.map { $0.0 }
    return Dictionary(uniqueKeysWithValues: zip(order, softmax(Double(options.temperature))))
  }

  @Test("tokens come as often as the options say", arguments: 1...4)
  func distribution(setting: Int) throws {
    let options = Self.settings[setting]
    let logits = Self.logits(seed: 3, count: 64)
    let expected = Self.expected(logits, options)
    var sampler = try Sampler(options)
    let draws = 20_000
    var counts: [Int: Int] = [:]
    for _ in 0..<draws { counts[Int(Self.draw(&sampler, logits)), default: 0] += 1 }
    #expect(Set(counts.keys).isSubset(of: expected.keys))
    for (token, probability) in expected {
      let deviation = (probability * (1 - probability) / Double(draws)).squareRoot()
      let share = Double(counts[token] ?? 0) / Double(draws)
      #expect(abs(share - probability) < 5 * deviation + 1e-4, "token \(token)")
    }
  }

  @Test("top-p over a vocabulary larger than one portion keeps the right tokens")
  func nucleus() throws {
    let logits = Self.logits(seed: 5, count: 5000).map { $0 / 4 }
    let options = SamplingOptions(temperature: 1, topK: 0, topP: 0.5, minP: 0)
    let allowed = Self.expected(logits, options)
    #expect(allowed.count > 300)
    var sampler = try Sampler(options)
    for _ in 0..<500 { #expect(allowed[Int(Self.draw(&sampler, logits))] != nil) }
  }

  @Test("equal logits: the lowest token")
  func ties() throws {
    var sampler = try Sampler()
    #expect(Self.draw(&sampler, [1, 3, 2, 3, 3]) == 1)
    #expect(Self.draw(&sampler, [4, 9, 12], [3, 5, 5]) == 9)
    var one = try Sampler(.init(temperature: 1, topK: 1))
    #expect(Self.draw(&one, [1, 3, 2, 3, 3]) == 1)
  }

  @Test("the repetition penalty is Hugging Face's: once a token, toward less likely")
  func penalty() throws {
    var sampler = try Sampler(.init(repetitionPenalty: 2))
    for token: Int32 in [0, 2, 2, 2] { sampler.accept(token) }
    #expect(Self.draw(&sampler, [3, 1.4, 3.2, 0]) == 2, "3.2 becomes 1.6, 3 becomes 1.5")
    #expect(Self.draw(&sampler, [-1, -1.5, -1, -7]) == 1, "-1 becomes -2")
  }

  @Test("bias comes before the penalties, which count generated tokens only")
  func biasAndPenalties() throws {
    var sampler = try Sampler(
      .init(repetitionPenalty: 2, presencePenalty: 0.5, frequencyPenalty: 1, bias: [1: 3, 2: -9]))
    let logits: [Float] = [2, 0, 8, 1.1]
    #expect(Self.draw(&sampler, logits) == 1, "0 + 3")
    sampler.accept(0)
    #expect(Self.draw(&sampler, logits) == 3, "1 is (0 + 3) / 2 - 1.5 now, 0 is 2 / 2")
    #expect(Self.draw(&sampler, logits) == 0, "3 is 1.1 / 2 - 1.5 now")
    sampler.reset()
    #expect(Self.draw(&sampler, logits) == 1)
  }

  private static func choose(
    _ sampler: inout Sampler, _ ids: [Int32]?, _ logits: [Float], _ allowed: AllowedTokens? = nil
  ) -> Int32? {
    logits.withUnsafeBufferPointer { logits in
      guard let ids else { return sampler.choose(ids: nil, logits: logits, allowed: allowed) }
      return ids.withUnsafeBufferPointer {
        sampler.choose(ids: $0, logits: logits, allowed: allowed)
      }
    }
  }

  @Test("candidates serve while none of the others can be likelier")
  func candidatesThatServe() throws {
    var plain = try Sampler()
    #expect(Self.choose(&plain, [3, 7], [2, 1]) == 3)
    var raised = try Sampler(.init(bias: [5: 1]))
    #expect(Self.choose(&raised, [3, 7], [2, 1]) == nil)
    var lowered = try Sampler(.init(bias: [3: -4]))
    #expect(Self.choose(&lowered, [3, 7], [2, 1]) == 7)
    var banned = try Sampler(.init(bias: [3: -4, 7: -1]))
    #expect(Self.choose(&banned, [3, 7], [2, 1]) == nil)
    #expect(Self.choose(&banned, nil, [0, 0, 0, 2, 0.5, 0, 0, 1]) == 4)
  }

  @Test("only allowed tokens are chosen, as often as of their own logits", arguments: settings)
  func allowed(options: SamplingOptions) throws {
    var some = try Sampler(options)
    var own = some
    for step in 0..<40 {
      let mask = TokenMask(words: (0..<8).map { UInt64(step + 1) << (6 * $0) })
      let allowed = AllowedTokens(mask: mask, ends: [0, 300])
      var ids: [Int32] = []
      allowed.forEach { ids.append($0) }
      #expect(ids == (0..<Int32(Self.vocabulary)).filter { allowed.contains($0) })
      let logits = Self.logits(seed: UInt64(step))
      let expected = Self.draw(&own, ids, ids.map { logits[Int($0)] })
      #expect(Self.choose(&some, nil, logits, allowed) == expected)
    }
    let none = AllowedTokens(mask: TokenMask(words: [4]), ends: [])
    #expect(Self.choose(&some, [3, 7], [2, 1], none) == nil)
  }

  @Test("tokens leave the window")
  func window() throws {
    var sampler = try Sampler(.init(repetitionPenalty: 2, repetitionWindow: 2))
    let logits: [Float] = [4, 3, 2.5]
    #expect((0..<6).map { _ in Self.draw(&sampler, logits) } == [0, 1, 2, 0, 1, 2])
    sampler.reset()
    #expect(Self.draw(&sampler, logits) == 0)
  }

  @Test("the same seed gives the same tokens, another seed others")
  func seeds() throws {
    func tokens(_ seed: UInt64) throws -> [Int32] {
      var sampler = try Sampler(.init(temperature: 1, topK: 0, topP: 1, minP: 0, seed: seed))
      return (0..<32).map { Self.draw(&sampler, Self.logits(seed: UInt64($0))) }
    }
    #expect(try tokens(1) == tokens(1))
    #expect(try tokens(1) != tokens(2))
  }

  @Test("what is no number is never taken, and never traps", arguments: settings.indices)
  func hostile(setting: Int) throws {
    var sampler = try Sampler(Self.settings[setting])
    #expect(Self.draw(&sampler, [.nan, .nan, 1, .nan]) == 2)
    #expect(Self.draw(&sampler, [-.infinity, 1, -.infinity]) == 1)
    #expect(Self.draw(&sampler, [7, 8], [.nan, .nan]) == 7)
    #expect(Self.draw(&sampler, [-.infinity, -.infinity]) == 0)
    #expect(Self.draw(&sampler, [0, .infinity, .nan, 3]) == 1)
    #expect(Self.draw(&sampler, [5]) == 0)
  }

  @Test("options outside their range are refused")
  func ranges() {
    let wrong: [SamplingOptions] = [
      .init(temperature: -1), .init(temperature: .nan), .init(topK: -1), .init(topP: 0),
      .init(topP: 1.1), .init(minP: -0.1), .init(repetitionPenalty: 0),
      .init(repetitionWindow: -1), .init(repetitionWindow: .max), .init(presencePenalty: .nan),
      .init(frequencyPenalty: .infinity), .init(bias: [-1: 1]), .init(bias: [1: .nan]),
    ]
    for options in wrong {
      #expect { try Sampler(options) } throws: { ($0 as? SparrowError)?.kind == .argument }
    }
  }
}
