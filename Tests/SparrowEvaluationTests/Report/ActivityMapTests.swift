import SparrowPlots
import SparrowSparsity
import Testing

@testable import SparrowEvaluation

@Suite struct ActivityMapTests {
  /// Of 10 groups in 4 columns the second holds groups 2, 3 and 4.
  @Test func neighbouringGroupsShareACell() {
    let layer = LayerActivity(
      layer: 5, kind: .feedForward, groups: 10, steps: 100, selected: 0, recallSum: nil,
      counts: [0, 0, 100, 50, 0, 0, 0, 0, 0, 0])
    let map = ActivityMap.map([layer], columns: 4)
    #expect(map.rows[0].values == [0, 0.5, 0, 0])
    #expect(map.rows[0].titles[1] == "layer 5, groups 2 to 4")
    #expect(ActivityMap.map([layer], columns: 100).rows[0].titles.last == "layer 5, group 9")
    #expect(ActivityMap.columns(for: [[layer]]) == 128)
    let deep = Array(repeating: layer, count: 400)
    #expect(ActivityMap.columns(for: [deep]) == 7 && ActivityMap.columns(for: [deep, deep]) == 3)
    var empty = layer
    empty.counts = []
    #expect(ActivityMap.map([empty], columns: 4).rows[0].values == [0, 0, 0, 0])
    #expect(ActivityMap.map([], columns: 4).svg().markup.contains("</svg>"))
  }
}
