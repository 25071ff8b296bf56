import SparrowBlocks
import SparrowCore
import SparrowNumerics
import Testing

@testable import SparrowCalibration

/// Regression from moments alone.
@Suite struct LinearFitTests {
  static let hidden = 32
  static let samples = 600

  /// Inputs that are correlated and off the origin, and targets of rank 3 (with an offset) for
  /// each.
  static func drawn() -> (inputs: FloatRows, targets: FloatRows) {
    var random = SeededRandom(seed: 7)
    let mixing = FloatRows(rows: hidden, columns: hidden)
    let down = FloatRows(rows: 3, columns: hidden)
    let up = FloatRows(rows: 48, columns: 3)
    for rows in [mixing, down, up] {
      for index in rows.values.indices { rows.values[index] = random.uniform() - 0.5 }
    }
    let inputs = FloatRows(rows: samples, columns: hidden)
    let targets = FloatRows(rows: samples, columns: 48)
    let white = FloatRows(rows: 1, columns: hidden)
    let middle = FloatRows(rows: 1, columns: 3)
    for sample in 0..<samples {
      for index in 0..<hidden { white[0][index] = random.uniform() - 0.4 }
      mixing.multiply(
        0..<hidden, x: white[0], stride: hidden, count: 1, output: inputs[sample],
        outputStride: hidden)
      down.multiply(
        0..<3, x: inputs[sample], stride: hidden, count: 1, output: middle[0], outputStride: 3)
      up.multiply(
        0..<48, x: middle[0], stride: 3, count: 1, output: targets[sample], outputStride: 48)
      for target in 0..<48 { targets[sample][target] += Float(target) * 0.1 }
    }
    return (inputs, targets)
  }

  /// Part of the targets' variance that a fit of half of the samples leaves in the other half.
  static func error(rank: Int?, type: ElementType) throws -> Float {
    let pool = try WorkerPool(count: 2)
    let (inputs, targets) = drawn()
    let half = samples / 2
    let moments = MomentSum(dimension: hidden, pool: pool)
    let cross = CrossMoment(sources: 48, inputs: hidden, pool: pool)
    // In two parts of different lengths: a stream.
    for part in [0..<100, 100..<half] {
      let x = FloatRows(rows: part.count, columns: hidden)
      let t = FloatRows(rows: part.count, columns: 48)
      x[0].update(from: inputs[part.lowerBound], count: part.count * hidden)
      t[0].update(from: targets[part.lowerBound], count: part.count * 48)
      moments.add(x, count: part.count)
      cross.add(t, with: x, count: part.count)
    }
    let maps = try LinearFit(inputs: moments, pool: pool).predictor(
      of: TargetMoments(
        sizesOf: cross, lengths: Array(repeating: 1, count: 48), groupSize: 1, order: []),
      rank: rank, type: type)
    let scores = LinearPrediction.scores(maps, inputs: inputs, samples: samples, pool: pool)
    var wrong: Float = 0
    var all: Float = 0
    for target in 0..<48 {
      let mean = (half..<samples).reduce(0) { $0 + targets[$1][target] } / Float(samples - half)
      for sample in half..<samples {
        let value = targets[sample][target]
        wrong += (scores[sample][target] - value) * (scores[sample][target] - value)
        all += (value - mean) * (value - mean)
      }
    }
    return wrong / all
  }

  @Test(
    arguments: [(32, .f16, 1e-4), (32, .q8_0, 1e-3), (32, .q4_0, 0.1), (3, .f16, 1e-4)]
      as [(Int, ElementType, Float)])
  func findsMapsOfTheirRank(rank: Int, type: ElementType, bound: Float) throws {
    #expect(try Self.error(rank: rank, type: type) < bound)
  }

  @Test func oneMapFindsThemToo() throws {
    #expect(try Self.error(rank: nil, type: .f16) < 1e-4)
  }

  @Test func fewerDirectionsLoseTheLeastOfThem() throws {
    let errors = try [1, 2, 3].map { try Self.error(rank: $0, type: .f16) }
    #expect(errors[0] > errors[1] && errors[1] > errors[2])
    #expect(errors[0] < 0.7)
  }

  @Test func refusesRowsOfPartsOfBlocks() {
    let error = #expect(throws: SparrowError.self) { try Self.error(rank: 12, type: .q4_0) }
    #expect(error?.kind == .argument && error?.field == "coding")
  }
}
