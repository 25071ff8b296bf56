import SparrowCore
import SparrowEngine
import Testing

/// Log-probabilities of a row of logits.
@Suite struct HeadOutputTests {
  private static func with(_ values: [Float], _ body: (HeadOutput) -> Void) {
    values.withUnsafeBufferPointer { body(HeadOutput(row: 0, logits: $0)) }
  }

  private static func noise(_ count: Int) -> [Float] {
    var random = SeededRandom(seed: UInt64(count))
    return (0..<count).map { _ in (random.uniform() - 0.5) * 20 }
  }

  @Test("probabilities add up to 1", arguments: [1, 31, 1000, 5000])
  func addUp(count: Int) {
    Self.with(Self.noise(count)) { output in
      let total = output.logSumExp
      let sum = output.logits.reduce(0.0) { $0 + exponential(Double($1) - Double(total)) }
      #expect(abs(sum - 1) < 1e-5)
      #expect(output.logSumExp.bitPattern == total.bitPattern)
    }
  }

  @Test("the likeliest come first, equal ones by token, with the bits of each alone")
  func likeliest() {
    var values = Self.noise(1000)
    values[7] = 30
    values[900] = 12
    values[13] = 12
    Self.with(values) { output in
      let found = output.likeliest(20)
      #expect(found.count == 20 && found.prefix(3).map(\.token) == [7, 13, 900])
      #expect(found[0].token == output.top)
      for score in found {
        #expect(score.logProbability == output.logProbability(of: score.token))
      }
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.logProbability >= $1.logProbability })
      let sorted = values.sorted(by: >)
      #expect(found.map { values[Int($0.token)] } == Array(sorted.prefix(20)))
      #expect(output.likeliest(0).isEmpty && output.likeliest(2000).count == 1000)
    }
  }
}
