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

  /// The tables of a sketch whose groups have 1, 3, 2 and 4 directions.
  private struct Tables {
    static let bounds: [Int32] = [0, 1, 4, 6, 10]
    var centroids: [Float]
    var x: [Float]

    init() {
      var noise = Noise(5)
      centroids = noise.floats(16 * 10)
      x = noise.floats(10, size: 4)
    }

    /// Products of a group's 16 centroids with the directions.
    func products(_ group: Int) -> [Double] {
      (0..<16).map { code in
        (Int(Self.bounds[group])..<Int(Self.bounds[group + 1])).reduce(0) {
          $0 + Double(centroids[16 * $1 + code]) * Double(x[$1])
        }
      }
    }

    func make() -> (tables: [UInt8], scale: Float, offset: Float) {
      // A table more, which must stay as it is.
      var tables = [UInt8](repeating: 200, count: 16 * 5)
      var products = [Float](repeating: 0, count: 16 * 4)
      var offset: Float = .nan
      let scale = sk_sketch_tables(x, centroids, Self.bounds, 4, &products, &tables, &offset)
      #expect(tables[64...].allSatisfy { $0 == 200 })
      return (Array(tables[..<64]), scale, offset)
    }
  }

  /// One code for all instruction sets: half a step of the scale from the definition.
  @Test func tablesAreProductsInStepsOfTheWidest() {
    let sketch = Tables()
    let (tables, scale, offset) = sketch.make()
    let products = (0..<4).map(sketch.products)
    let least = products.map { $0.min()! }
    let widest = zip(products, least).map { $0.max()! - $1 }.max()!
    #expect(abs(Double(scale) - widest / 127) <= 1e-6 * widest)
    #expect(abs(Double(offset) - least.reduce(0, +)) <= 1e-5)
    for group in 0..<4 {
      for code in 0..<16 {
        let level = Double(tables[16 * group + code]) * Double(scale)
        #expect(abs(level - (products[group][code] - least[group])) <= 0.5001 * Double(scale))
      }
    }
    #expect(tables.max() == 127)
  }

  @Test func tablesOfEqualProductsAreZero() {
    var sketch = Tables()
    sketch.x = Array(repeating: 0, count: 10)
    let (tables, scale, offset) = sketch.make()
    #expect(tables.allSatisfy { $0 == 0 } && scale == 1 && offset == 0)
  }

  /// What is not a number counts as least; the other groups keep their tables.
  @Test func tablesTakeNaNAsLeast() {
    var sketch = Tables()
    let whole = sketch.make()
    sketch.centroids[16 * 5 + 3] = .nan
    let one = sketch.make()
    #expect(one.tables[16 * 2 + 3] == 0)
    for group in [0, 1, 3] {
      let own = 16 * group..<16 * (group + 1)
      let ratio = whole.scale / one.scale
      for index in own {
        #expect(abs(Float(one.tables[index]) - Float(whole.tables[index]) * ratio) <= 1)
      }
    }
    sketch.x[5] = .nan
    let all = sketch.make()
    #expect(all.tables[32..<48].allSatisfy { $0 == 0 })
    #expect(all.scale.isFinite && all.scale > 0 && all.offset.isFinite)
    sketch.x = Array(repeating: .nan, count: 10)
    let none = sketch.make()
    #expect(none.tables.allSatisfy { $0 == 0 } && none.scale == 1 && none.offset == 0)
  }

  /// Entries stay within what sums of 16 bits hold, whatever is infinite.
  @Test(arguments: [Float.infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
  func tablesStayInRange(size: Float) {
    for places in [[0], [2], [0, 5, 9], Array(0..<10)] {
      var sketch = Tables()
      for place in places { sketch.x[place] = size }
      let (tables, scale, _) = sketch.make()
      #expect(tables.allSatisfy { $0 <= 127 })
      #expect(scale.isFinite && scale >= 0)
    }
  }

  /// The first group has one direction: signs alone decide.
  @Test func anInfiniteDirectionParts() {
    var sketch = Tables()
    sketch.x[0] = .infinity
    let tables = sketch.make().tables
    for code in 0..<16 { #expect(tables[code] == (sketch.centroids[code] > 0 ? 127 : 0)) }
    #expect(Set(tables[..<16]).count == 2)
  }
}
