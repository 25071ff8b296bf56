import Testing

@testable import SparrowPlots

@Suite struct PlotTests {
  @Test(arguments: [
    ([0.0, 1], [0.0, 0.2, 0.4, 0.6, 0.8, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([3, 17], [0, 5, 10, 15, 20], ["0", "5", "10", "15", "20"]),
    ([-30, 260], [-100, 0, 100, 200, 300], ["-100", "0", "100", "200", "300"]),
  ])
  func ticksAreRound(values: [Double], ticks: [Double], labels: [String]) {
    let scale = PlotScale(values, start: 0, end: 100)
    #expect(scale.ticks.count == ticks.count)
    #expect(zip(scale.ticks, ticks).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(scale.ticks.map(scale.label) == labels)
    #expect(scale(scale.lower) == 0 && abs(scale(scale.upper) - 100) < 1e-9)
  }

  @Test func aSingleValueHasRoom() {
    for value in [1.0, 0, -5, 1e-12, 1e12] {
      let scale = PlotScale([value], start: 0, end: 1)
      #expect(scale.lower < value && value < scale.upper, "\(value)")
      #expect((2...12).contains(scale.ticks.count))
    }
    #expect(PlotScale([.nan, .infinity], start: 0, end: 1).lower == 0)
    let labels = PlotScale([1], start: 0, end: 1).ticks.map(PlotScale([1], start: 0, end: 1).label)
    #expect(Set(labels).count == labels.count)
  }

  @Test func namesDoNotCoverEachOther() {
    var names = PlotLabels()
    #expect(names.place("dense", x: 10, y: 50, isRight: true) == 50)
    #expect(names.place("a", x: 20, y: 52, isRight: true) == 80)
    #expect(names.place("b", x: 20, y: 52, isRight: true) == 94)
    #expect(names.place("c", x: 200, y: 52, isRight: true) == 52)
    #expect(names.place("", x: 10, y: 50, isRight: false) == 50)
  }

  @Test func coloursRunFromDarkToLight() {
    #expect(ColorRamp.color(0) == "#00224e" && ColorRamp.color(-1) == "#00224e")
    #expect(ColorRamp.color(1) == "#fee838" && ColorRamp.color(.nan) == "#00224e")
    #expect(ColorRamp.color(0.5) == "#7d7c76")
  }

  @Test func markupIsEscaped() {
    var svg = SVG(width: 10.04, height: 20, label: "a \"b\" <c>")
    svg.rect(x: 1, y: 2.25, width: 3, height: 4, fill: "#000000", title: "1 < 2 & 3")
    svg.text("<&>", x: 0, y: 0, anchor: .middle, turned: true)
    #expect(
      svg.markup == """
        <svg viewBox="0 0 10 20" role="img" aria-label="a &quot;b&quot; &lt;c&gt;">
        <rect x="1" y="2.3" width="3" height="4" fill="#000000">\
        <title>1 &lt; 2 &amp; 3</title></rect>
        <text x="0" y="0" text-anchor="middle" transform="rotate(-90 0 0)">&lt;&amp;&gt;</text>
        </svg>

        """)
  }
}
