import Testing

@testable import SparrowPlots

@Suite struct LineChartTests {
  @Test func longCurvesAreThinnedToMeans() {
    let points = (0..<1000).map { (x: Double($0), y: Double($0 % 2)) }
    let thin = LineChart.thinned(points, to: 100)
    #expect(thin.count == 100 && thin.allSatisfy { $0.y == 0.5 })
    #expect(thin.first?.x == 4.5 && thin.last?.x == 994.5)
    let short = LineChart.thinned([(1, 2), (2, .nan), (.infinity, 3), (4, 5)], to: 100)
    #expect(short.map(\.x) == [1, 4])
  }

  @Test func twoCurvesHaveALegend() {
    let one = LineChart.Series(name: "training", points: [(1, 2), (2, 1)])
    let two = LineChart.Series(name: "held <out>", points: [(1, 3)])
    let single = LineChart([one], across: "step", up: "loss").svg().markup
    #expect(!single.contains("training") && single.contains("<polyline"))
    let both = LineChart([one, two], across: "step", up: "loss").svg().markup
    #expect(both.contains(">training</text>") && both.contains(">held &lt;out&gt;</text>"))
    #expect(both.contains("line second") && both.contains("<circle"))
    #expect(LineChart([], across: "step", up: "loss").svg().markup.contains("</svg>"))
  }
}
