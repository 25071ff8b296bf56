import SparrowCore
import SparrowTransformer
import Testing

@testable import SparrowCalibration

/// Which inputs are cut, and by how much.
@Suite struct GreedyAllocationTests {
  private static let shares: [LayerInput: Double] = [
    .attention: 0.15, .output: 0.1, .feedForward: 0.5, .down: 0.25,
  ]

  private static func mean(_ densities: [LayerInput: Double]) -> Double {
    densities.reduce(0) { $0 + $1.value * shares[$1.key]! }
  }

  @Test("the mean by bytes is the target", arguments: [1, 0.77, 0.5, 0.3, 0.001])
  func target(target: Double) throws {
    var asked = 0
    let densities = try GreedyAllocation.densities(shares: Self.shares, target: target) {
      asked += 1
      return $0.reduce(0) { $0 + Double($1.key.rawValue.utf8.count) * (1 - $1.value) }
    }
    #expect(abs(Self.mean(densities) - target) < 1e-9)
    #expect(densities.values.allSatisfy { (0...1).contains($0) })
    #expect((asked == 0) == (target == 1))
  }

  @Test("an input that costs nothing goes first, and whole", arguments: LayerInput.allCases)
  func free(input: LayerInput) throws {
    let target = 1 - Self.shares[input]! - 0.05
    let densities = try GreedyAllocation.densities(shares: Self.shares, target: target) {
      $0.reduce(0) { $0 + ($1.key == input ? 0 : 1 - $1.value) }
    }
    #expect(densities[input] == 0)
    #expect(abs(Self.mean(densities) - target) < 1e-9)
  }

  @Test("where inputs cost the same for their bytes, none is cut deeper than a step")
  func even() throws {
    // Squares of what is left out: what was cut least is always cheapest to cut next.
    let densities = try GreedyAllocation.densities(shares: Self.shares, target: 0.5) {
      $0.reduce(0) { $0 + Self.shares[$1.key]! * (1 - $1.value) * (1 - $1.value) }
    }
    for (input, density) in densities {
      #expect(abs(density - 0.5) <= GreedyAllocation.step / Self.shares[input]! + 1e-9)
    }
  }
}
