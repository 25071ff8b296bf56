import SparrowCore
import Testing

@testable import Sparrow
@testable import SparrowGrammar

/// What is chosen from the greatest logits alone.
struct GreatestTests {
  private static let count = 64

  /// Whole numbers and halves, so that many are equal.
  private func logits(_ seed: UInt64) -> [Float] {
    SamplerTests.logits(seed: seed, count: 2000).map { ($0 * 2).rounded() / 2 }
  }

  private func choose(
    _ sampler: inout Sampler, _ logits: [Float], greatest: Bool, allowed: AllowedTokens? = nil
  ) -> Int32? {
    guard greatest else {
      return logits.withUnsafeBufferPointer {
        sampler.choose(ids: nil, logits: $0, allowed: allowed)
      }
    }
    let ids = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
      .prefix(Self.count).sorted().map { Int32($0) }
    return ids.withUnsafeBufferPointer { ids in
      ids.map { logits[Int($0)] }.withUnsafeBufferPointer {
        sampler.choose(ids: ids, logits: $0, allowed: allowed, areGreatest: true)
      }
    }
  }

  private static let settled: [SamplingOptions] = [
    .greedy, .init(temperature: 0.8), .init(temperature: 1, topK: 63, topP: 1, minP: 0),
    .init(temperature: 2, topK: 1), .init(temperature: 1.5, topK: 50, topP: 0.5, minP: 0.3),
  ]

  @Test("they give the tokens that all logits give", arguments: settled.indices)
  func same(setting: Int) throws {
    var all = try Sampler(Self.settled[setting])
    #expect(all.settles(byGreatest: Self.count))
    var few = all
    for step in 0..<40 {
      let logits = logits(UInt64(step))
      let token = choose(&few, logits, greatest: true)
      #expect(token != nil && token == choose(&all, logits, greatest: false))
    }
  }

  @Test(
    "where others may matter they give none",
    arguments: [
      SamplingOptions(temperature: 1, topK: 64), .init(temperature: 1, topK: 0),
      .init(bias: [1990: 100]), .init(repetitionPenalty: 1.1), .init(presencePenalty: 0.5),
      .init(frequencyPenalty: 0.5),
    ])
  func none(options: SamplingOptions) throws {
    var sampler = try Sampler(options)
    #expect(!sampler.settles(byGreatest: Self.count))
    #expect(choose(&sampler, logits(3), greatest: true) == nil)
  }

  @Test(
    "among allowed tokens they give what all logits give, or none", arguments: [0, 0.8] as [Float])
  func allowed(temperature: Float) throws {
    var all = try Sampler(.init(temperature: temperature, topK: 4))
    var few = all
    var served = 0
    for step in 0..<60 {
      // One token in `step + 1` is allowed.
      var words = [UInt64](repeating: 0, count: 32)
      for token in stride(from: 0, to: 2000, by: step + 1) {
        words[token / 64] |= 1 << (token % 64)
      }
      let allowed = AllowedTokens(mask: TokenMask(words: words), ends: [])
      let logits = logits(UInt64(step))
      var tried = few
      guard let token = choose(&tried, logits, greatest: true, allowed: allowed) else {
        // The request reads all logits then.
        #expect(
          choose(&few, logits, greatest: false, allowed: allowed)
            == choose(&all, logits, greatest: false, allowed: allowed))
        continue
      }
      few = tried
      served += 1
      #expect(token == choose(&all, logits, greatest: false, allowed: allowed))
    }
    #expect((10..<60).contains(served))
  }
}
