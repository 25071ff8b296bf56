import SparrowCore
import Testing

@testable import SparrowCalibration

@Suite struct PlanFrontierTests {
  /// Two layers that may be dense, or touch a half or a tenth; the second one loses 1000 times as
  /// much.
  private static let options: [[PlanFrontier.Option]] = [1e-9, 1e-6].map { loss in
    [
      .init(density: nil, divergence: 0, milliseconds: 1),
      .init(density: 0.1, divergence: 5 * loss, milliseconds: 0.2),
      .init(density: 0.5, divergence: loss, milliseconds: 0.6),
    ]
  }

  private static func densities(_ choice: [PlanFrontier.Option]) -> [Float] {
    choice.map { $0.density ?? 1 }
  }

  @Test func goesFromDenseToTheSparsestWhateverTheScale() {
    let choices = PlanFrontier(Self.options, cost: \.touched).choices.map(Self.densities)
    #expect(choices == [[1, 1], [0.5, 1], [0.1, 1], [0.1, 0.5], [0.1, 0.1]])
  }

  @Test func touchesAtMostWhatIsAskedFor() throws {
    let frontier = PlanFrontier(Self.options, cost: \.touched)
    #expect(Self.densities(try frontier.choice(touching: 1)) == [1, 1])
    #expect(Self.densities(try frontier.choice(touching: 0.7)) == [0.1, 1])
    #expect(Self.densities(try frontier.choice(touching: 0.1)) == [0.1, 0.1])
    let error = #expect(throws: SparrowError.self) { try frontier.choice(touching: 0.09) }
    #expect(error?.kind == .argument && error?.field == "target")
    #expect(error?.expected.contains("0.10") == true)
  }

  @Test(arguments: 0..<5)
  func findsTheLastThatHolds(last: Int) throws {
    let frontier = PlanFrontier(Self.options, cost: \.milliseconds)
    var parts: [Range<Double>] = []
    let found = try frontier.lastChoice { choice, part in
      parts.append(part)
      return frontier.choices.firstIndex(of: choice)! <= last
    }
    #expect(found == frontier.choices[last])
    #expect(parts.count <= 3 && parts.allSatisfy { $0.upperBound <= 1 })
  }

  @Test func whatIsSlowerThanDenseIsNeverChosen() {
    var options = Self.options
    for index in 1...2 { options[0][index].milliseconds = 1.5 }
    let frontier = PlanFrontier(options, cost: \.milliseconds)
    #expect(frontier.choices.allSatisfy { $0[0].density == nil })
  }

  @Test func whatLosesNothingIsChosenOnlyForACost() {
    let options = [PlanFrontier.Option(density: nil, divergence: 0, milliseconds: 1)]
    var free = options[0]
    (free.density, free.milliseconds) = (0.3, 0.5)
    let choices = PlanFrontier([options + [free]], cost: \.milliseconds).choices
    #expect(choices.map(Self.densities) == [[1], [0.3]])
  }
}
