import SparrowCore

/// Norms and rotates the selected query heads, and the keys that were made, and writes keys and
/// values into the cache.
struct AppendHeadGroupsKernel: BitwiseCopyable {
  let layer: Int
  let heads: AttentionHeadsKernel
  let selection: HeadGroupSelection
  /// nil in grouped attention.
  let missing: MissingKeys?

  func run(_ worker: Worker, _ step: StepState) {
    let group = heads.attention.groupHeads
    var total = 0
    forEachGroup(step) { row, index, keys in
      total += (selection.isSelected(index, row: row) ? group : 0) + 2 * keys.count
    }
    var part = CostShare(worker, of: total)
    forEachGroup(step) { row, index, positions in
      if selection.isSelected(index, row: row) {
        for head in part.take(group, cost: 1) {
          heads.prepareQuery(head: index * group + head, row: row)
        }
      }
      let own = part.take(positions.count, cost: 2)
      if !own.isEmpty { append(index, row, positions, own, step.segments[row]) }
    }
  }

  private func forEachGroup(_ step: StepState, _ body: (Int, Int, Range<Int>) -> Void) {
    for row in 0..<step.rows {
      let segment = step.segments[row]
      for group in 0..<selection.count {
        let positions =
          missing == nil
          ? segment.firstPosition..<segment.firstPosition + 1
          : selection.positions(group, row: row, segment)
        body(row, group, positions)
      }
    }
  }

  private func append(
    _ head: Int, _ row: Int, _ positions: Range<Int>, _ part: Range<Int>, _ segment: StepSegment
  ) {
    guard let missing else {
      heads.append(head: head, position: segment.firstPosition, row: row, segment)
      return
    }
    missing.append(heads, head, positions, part: part, segment, place: row)
    // Nobody reads the count before the next step.
    if part.lowerBound == 0 {
      missing.inputs.counts(segment)[head] = Int32(positions.upperBound)
    }
  }
}
