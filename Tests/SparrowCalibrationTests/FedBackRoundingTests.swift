import CSparrowKernels
import SparrowCore
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

  private func decoded(_ bytes: [UInt8]) -> [Float] {
    let target = FloatRows(rows: 1, columns: order)
    RowCoder.decode(SketchRows(coding: .int4, directions: order, bytes: bytes), 0, into: target[0])
    return (0..<order).map { target[0][$0] }
  }

  /// What a row's errors make of inputs, squared.
  private func loss(_ row: [Float], _ found: [Float], _ covariance: SquareMatrix) -> Double {
    let errors = zip(row, found).map { Double($0 - $1) }
    return (0..<order).reduce(0) { sum, i in
      sum + (0..<order).reduce(0) { $0 + errors[i] * covariance[i][$1] * errors[$1] }
    }
  }

  @Test func losesLessThanTheNearestCodes() throws {
    var random = SeededRandom(seed: 3)
    let covariance = covariance(&random)
    let rounding = FedBackRounding(covariance)
    var losses = (own: 0.0, nearest: 0.0)
    for _ in 0..<32 {
      var moved = row(&random)
      let weights = moved
      var bytes = [UInt8](repeating: 0xAA, count: order / 32 * 18)
      var nearest = bytes
      rounding.encode(&moved, into: &bytes)
      _ = sk_encode_row(SK_GGUF_Q4_0, weights, Int32(order), &nearest)
      losses.own += loss(weights, decoded(bytes), covariance)
      losses.nearest += loss(weights, decoded(nearest), covariance)
    }
    #expect(losses.own < 0.5 * losses.nearest)
  }

  @Test func inputsWithoutCorrelationGetTheNearestCodes() throws {
    let identity = SquareMatrix(order: order)
    for index in 0..<order { identity[index][index] = 1 }
    var random = SeededRandom(seed: 4)
    let weights = row(&random)
    var moved = weights
    var bytes = [UInt8](repeating: 0, count: order / 32 * 18)
    FedBackRounding(identity).encode(&moved, into: &bytes)
    #expect(moved == weights)
    for (block, found) in zip(0..., decoded(bytes).chunks(of: 32)) {
      let own = Array(weights[32 * block..<32 * block + 32])
      let scale = Float(
        Float16(bitPattern: UInt16(bytes[18 * block]) | UInt16(bytes[18 * block + 1]) << 8))
      for (weight, value) in zip(own, found) {
        let levels = (-8...7).map { scale * Float($0) }
        #expect(abs(weight - value) <= levels.map { abs(weight - $0) }.min()! * 1.0001)
      }
    }
  }

  @Test func numbersThatAreNotFiniteDoNotTrap() {
    var random = SeededRandom(seed: 5)
    for bad in [Float.nan, .infinity, .greatestFiniteMagnitude] {
      var weights = row(&random)
      weights[40] = bad
      var bytes = [UInt8](repeating: 0, count: order / 32 * 18)
      FedBackRounding(covariance(&random)).encode(&weights, into: &bytes)
      let broken = SquareMatrix(order: order)
      broken[3][4] = .nan
      FedBackRounding(broken).encode(&weights, into: &bytes)
    }
  }
}

extension [Float] {
  fileprivate func chunks(of count: Int) -> [[Float]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<$0 + count]) }
  }
}
