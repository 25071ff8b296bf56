import CSparrowKernels
import Testing

/// Scores of a head sketch against the definition, byte by byte.
@Suite struct SketchTests {
  @Test(arguments: Instructions.available, [1, 2, 7, 80, 256])
  func scoresAreTablesSummedByCode(_ isa: Instructions, _ pairs: Int) {
    var noise = Noise(pairs)
    let blocks = 3
    let codes = (0..<blocks * pairs * 64).map { _ in UInt8.random(in: 0...255, using: &noise) }
    let tables = (0..<pairs * 32).map { _ in UInt8.random(in: 0...127, using: &noise) }
    var bias = halves(noise.floats(blocks * 64, size: 20))
    bias[blocks * 64 - 1] = 0xFC00  // minus infinity, behind the last row
    let wide = floats(bias)
    var scores = [Float](repeating: .nan, count: blocks * 64)
    var best = [Float](repeating: .nan, count: blocks)
    isa.use {
      // Block 0 by itself, so that a range's start is tested too.
      sk_sketch_scores(codes, tables, bias, Int32(pairs), 0.25, -3, 0, 1, &scores, &best)
      sk_sketch_scores(codes, tables, bias, Int32(pairs), 0.25, -3, 1, 3, &scores, &best)
    }
    for block in 0..<blocks {
      var most = -Float.infinity
      for row in 0..<64 {
        var sum = 0
        for pair in 0..<pairs {
          let code = Int(codes[(block * pairs + pair) * 64 + row])
          sum += Int(tables[pair * 32 + code & 15]) + Int(tables[pair * 32 + 16 + code >> 4])
        }
        let expected = Float(sum) * 0.25 + (wide[block * 64 + row] - 3)
        let score = scores[block * 64 + row]
        #expect(score == expected || abs(score - expected) <= 1e-6 * abs(expected))
        most = max(most, score)
      }
      #expect(best[block] == most)
    }
  }
}
