#if Training
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct TokenSamplerTests {
      private let model: SparseTransformer
      private let parameters: Parameters

      init() throws {
        TensorDevice.setCompiling(false)
        let binding = try Golden.binding("smollm2")
        model = SparseTransformer(binding.configuration)
        parameters = try Parameters(binding)
      }

      private func sampler(
        boundary: Int32 = 0, ends: Set<Int32> = [], temperature: Float = 1
      ) throws -> TokenSampler {
        try TokenSampler(
          model, parameters, boundary: boundary, ends: ends, temperature: temperature, block: 4)
      }

      private func logits(_ row: [Int32]) throws -> [Float] {
        let tokens = Tensor(integers: row, shape: [1, row.count])
        return try model.run(tokens, parameters).logits
          .slice(1, row.count - 1..<row.count).floats()
      }

      @Test func nearTemperatureZeroItTakesTheLikeliestTokens() throws {
        let rows = try sampler(temperature: 1e-5).rows(2, length: 18, seed: 1)
        var wanted: [Int32] = [0]
        while wanted.count < 18 {
          let logits = try logits(wanted)
          wanted.append(Int32(logits.indices.max { logits[$0] < logits[$1] }!))
        }
        #expect(rows == [wanted, wanted])
      }

      @Test func theSameSeedGivesTheSameRows() throws {
        let sampler = try sampler()
        let first = try sampler.rows(3, length: 11, seed: 5)
        #expect(try sampler.rows(3, length: 11, seed: 5) == first)
        #expect(try sampler.rows(3, length: 11, seed: 6) != first)
        #expect(first[0] != first[1])
        #expect(first.allSatisfy { $0.count == 11 && $0[0] == 0 })
      }

      @Test func rowsGoOnFromTheirOpenings() throws {
        let openings: [[Int32]] = [[7, 9, 11, 13, 15, 17], [], [21]]
        let rows = try sampler(temperature: 1e-5).rows(4, length: 12, seed: 1, openings: openings)
        for (row, opening) in zip(rows, openings + [openings[0]]) {
          #expect(Array(row.prefix(1 + opening.count)) == [0] + opening)
          for place in 1 + opening.count..<12 {
            let logits = try logits(Array(row[..<place]))
            #expect(row[place] == Int32(logits.indices.max { logits[$0] < logits[$1] }!))
          }
        }
      }

      @Test(arguments: [1, 0.5] as [Float]) func firstTokensFollowTheSoftmax(
        temperature: Float
      ) throws {
        let count = 4_000
        let rows = try sampler(temperature: temperature).rows(count, length: 2, seed: 2)
        var found = [Double](repeating: 0, count: model.configuration.vocabulary)
        for row in rows { found[Int(row[1])] += 1 }
        let logits = try logits([0])
        let largest = logits.max()!
        let powers = logits.map { exponential(Double(($0 - largest) / temperature)) }
        let sum = powers.reduce(0, +)
        for (token, power) in powers.enumerated() {
          let mean = Double(count) * power / sum
          // Five deviations, and room for the counts of rare tokens.
          #expect(abs(found[token] - mean) < 5 * mean.squareRoot() + 5, "token \(token)")
        }
      }

      @Test func endsBecomeTheBoundary() throws {
        let free = try sampler().rows(4, length: 24, seed: 3)
        let place = try #require(free[0].firstIndex { $0 != 0 })
        let end = free[0][place]
        let parted = try sampler(ends: [end]).rows(4, length: 24, seed: 3)
        #expect(parted[0][..<place] == free[0][..<place])
        #expect(parted[0][place] == 0)
        #expect(parted.allSatisfy { !$0.contains(end) })
      }

      @Test func progressCountsTokensAndMayStop() throws {
        var counts: [Int] = []
        _ = try sampler().rows(2, length: 10, seed: 0) { count in counts.append(count) }
        #expect(counts == [8, 8, 2])
        #expect(throws: SparrowError(.cancelled, found: "stopped")) {
          _ = try sampler().rows(2, length: 10, seed: 0) { _ throws(SparrowError) in
            throw SparrowError(.cancelled, found: "stopped")
          }
        }
      }
    }
  }
#endif
