import SparrowCore

/// Softmax attention of the selected head groups; the cache of the others is not read.
struct AttendHeadGroupsKernel: BitwiseCopyable {
  let attend: AttendKernel
  let window: Int
  let selection: HeadGroupSelection

  func run(_ worker: Worker, _ step: StepState) {
    let group = attend.attention.groupHeads
    var total = 0
    forEachGroup(step) { _, _, cost in total += group * cost }
    var part = CostShare(worker, of: total)
    forEachGroup(step) { row, index, cost in
      let own = part.take(group, cost: cost)
      guard !own.isEmpty else { return }
      attend.attend(
        worker, step.segments[row], head: index * group + own.lowerBound, heads: own.count,
        keyHead: index, row: 0, rows: 1)
    }
  }

  /// `body` gets a row, a group and what one of its heads costs: the positions that it sees.
  private func forEachGroup(_ step: StepState, _ body: (Int, Int, Int) -> Void) {
    for row in 0..<step.rows {
      let visible = step.segments[row].firstPosition + 1
      let cost = window > 0 ? min(window, visible) : visible
      let selected = selection.groups.lists.indices(of: row)
      for index in 0..<Int(selection.groups.lists.counts[row]) {
        body(row, Int(selected[index]), cost)
      }
    }
  }
}
