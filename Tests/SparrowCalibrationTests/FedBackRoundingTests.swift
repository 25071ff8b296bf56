import SparrowBlocks
import SparrowCore
import SparrowNumerics
import SparrowSparsity
import Testing

@testable import SparrowCalibration

@Suite struct FedBackRoundingTests {
  private let order = 96

  /// The covariance of inputs that a few directions rule.
  private func covariance(_ random: inout SeededRandom) -> SquareMatrix {
    let inputs = (0..<8).map { _ in (0..<order).map { _ in Double(2 * random.uniform() - 1) } }
    let result = SquareMatrix(order: order)
    for row in 0..<order {
      for column in 0..<order {
        result[row][column] = inputs.reduce(0) { $0 + $1[row] * $1[column] }
      }
      result[row][row] += 0.05
    }
    return result
  }

  private func row(_ random: inout SeededRandom) -> [Float] {
    (0..<order).map { _ in 2 * random.uniform() - 1 }
  }

  private func bytes(_ coding: SketchCoding) -> [UInt8] {
    [UInt8](repeating: 0xAA, count: coding.type!.byteCount(elements: order)!)
  }

  private func decoded(_ bytes: [UInt8], _ coding: SketchCoding) -> [Float] {
    let target = FloatRows(rows: 1, columns: order)
    target.expand(0..<1, from: bytes, coding.type!)
    return (0..<order).map { target[0][$0] }
  }

  /// What a row's errors make of inputs, squared.
  private func loss(_ row: [Float], _ found: [Float], _ covariance: SquareMatrix) -> Double {
    let errors = zip(row, found).map { Double($0 - $1) }
    return (0..<order).reduce(0) { sum, i in
      sum + (0..<order).reduce(0) { $0 + errors[i] * covariance[i][$1] * errors[$1] }
    }
  }

  @Test(arguments: [SketchCoding.int4, .int5])
  func losesLessThanTheNearestCodes(_ coding: SketchCoding) throws {
    var random = SeededRandom(seed: 3)
    let covariance = covariance(&random)
    let rounding = try #require(FedBackRounding(covariance, for: coding))
    let type = try #require(coding.type)
    var losses = (own: 0.0, nearest: 0.0)
    for _ in 0..<32 {
      var moved = row(&random)
      let weights = moved
      var own = bytes(coding)
      var nearest = own
      rounding.encode(&moved, into: &own)
      #expect(type.encode(weights, count: order, into: &nearest))
      losses.own += loss(weights, decoded(own, coding), covariance)
      losses.nearest += loss(weights, decoded(nearest, coding), covariance)
    }
    #expect(losses.own < 0.5 * losses.nearest)
  }

  @Test(arguments: [(SketchCoding.int4, -8...7), (.int5, -16...15)])
  func inputsWithoutCorrelationGetTheNearestCodes(
    _ coding: SketchCoding, _ codes: ClosedRange<Int>
  ) throws {
    let identity = SquareMatrix(order: order)
    for index in 0..<order { identity[index][index] = 1 }
    var random = SeededRandom(seed: 4)
    let weights = row(&random)
    var moved = weights
    var bytes = bytes(coding)
    try #require(FedBackRounding(identity, for: coding)).encode(&moved, into: &bytes)
    #expect(moved == weights)
    var nearest = self.bytes(coding)
    try #require(FedBackRounding(nearest: order, for: coding)).encode(&moved, into: &nearest)
    #expect(nearest == bytes && moved == weights)
    let blockBytes = bytes.count / (order / 32)
    for (block, found) in zip(0..., decoded(bytes, coding).chunks(of: 32)) {
      let own = Array(weights[32 * block..<32 * block + 32])
      let low = UInt16(bytes[blockBytes * block])
      let scale = Float(Float16(bitPattern: low | UInt16(bytes[blockBytes * block + 1]) << 8))
      for (weight, value) in zip(own, found) {
        let levels = codes.map { scale * Float($0) }
        #expect(abs(weight - value) <= levels.map { abs(weight - $0) }.min()! * 1.0001)
      }
    }
  }

  @Test(arguments: [SketchCoding.int4, .int5])
  func numbersThatAreNotFiniteDoNotTrap(_ coding: SketchCoding) throws {
    var random = SeededRandom(seed: 5)
    let rounding = try #require(FedBackRounding(covariance(&random), for: coding))
    let broken = SquareMatrix(order: order)
    broken[3][4] = .nan
    let brokenRounding = try #require(FedBackRounding(broken, for: coding))
    for bad in [Float.nan, .infinity, .greatestFiniteMagnitude] {
      var weights = row(&random)
      weights[40] = bad
      var bytes = bytes(coding)
      rounding.encode(&weights, into: &bytes)
      brokenRounding.encode(&weights, into: &bytes)
    }
  }

  @Test(arguments: [SketchCoding.product, .lowRank, .lowRankInt4])
  func codingsOfDirectionsAreNotRounded(_ coding: SketchCoding) {
    #expect(FedBackRounding(SquareMatrix(order: order), for: coding) == nil)
    #expect(FedBackRounding(nearest: order, for: coding) == nil)
  }
}

extension [Float] {
  fileprivate func chunks(of count: Int) -> [[Float]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<$0 + count]) }
  }
}
