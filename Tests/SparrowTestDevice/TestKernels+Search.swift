import CSparrowCUDA

extension TestKernels {
  static let search: [String: Kernel] = [
    "find_candidates": kernel { (a: scu_search, grid) in
      for row in 0..<grid[0] {
        let state = state(a, row)
        let numbers = scores(a, row).filter { !$0.isNaN }.sorted(by: >)
        state.pointee.calls += 1
        (state.pointee.count, state.pointee.goes_on) = (0, 0)
        guard numbers.count >= Int(a.wanted) else { continue }
        state.pointee.threshold = numbers[Int(a.wanted) - 1]
        state.pointee.count = gather(a, row, from: state.pointee.threshold)
      }
    },
    "exact_logits": kernel { (a: scu_search, grid) in
      for row in 0..<grid[1] {
        let state = state(a, row).pointee
        let x = UnsafeBufferPointer(
          start: floats(a.input, row * Int(a.input_width)), count: Int(a.matrix.columns))
        for place in 0..<Int(state.count) {
          let index = row * Int(a.capacity) + place
          if a.is_last == 0 || state.goes_on != 0 {
            floats(a.logits)[index] = dot(a.matrix, Int(integers(a.ids)[index]), Array(x))
          }
          guard a.is_last != 0 else { continue }
          let logit = floats(a.logits)[index] * a.scale
          floats(a.logits)[index] =
            a.softcap == 0 ? logit : a.softcap * hyperbolicTangent(logit / a.softcap)
        }
      }
    },
    "review_candidates": kernel { (a: scu_search, grid) in
      for row in 0..<grid[0] where state(a, row).pointee.count > 0 { review(a, row) }
    },
  ]

  private static func state(
    _ a: scu_search, _ row: Int
  ) -> UnsafeMutablePointer<scu_search_state> {
    TestDriver.memory(a.states).assumingMemoryBound(to: scu_search_state.self) + row
  }

  private static func scores(_ a: scu_search, _ row: Int) -> [Float] {
    Array(
      UnsafeBufferPointer(
        start: floats(a.scores, row * Int(a.blocks) * 64), count: Int(a.row_count)))
  }

  /// Lists the vocabulary rows with scores from `floor` on; their count, 0 where there is no room
  /// for all.
  private static func gather(_ a: scu_search, _ row: Int, from floor: Float) -> Int32 {
    let found = scores(a, row).enumerated().filter { $0.element >= floor }.map(\.offset)
    guard found.count <= Int(a.capacity) else { return 0 }
    for (place, id) in found.enumerated() {
      integers(a.ids, row * Int(a.capacity))[place] = Int32(id)
    }
    return Int32(found.count)
  }

  private static func review(_ a: scu_search, _ row: Int) {
    let state = state(a, row)
    let logits = UnsafeBufferPointer(
      start: floats(a.logits, row * Int(a.capacity)), count: Int(state.pointee.count))
    let frontier = logits.sorted(by: >)[min(Int(a.rank), logits.count) - 1]
    let x = floats(a.directions, row * Int(a.direction_count))
    let energy = (0..<Int(a.direction_count)).reduce(Float(0)) { $0 + x[$1] * x[$1] }
    let spread = a.deviation * (energy / a.hidden).squareRoot()
    let floor = frontier - floats(a.mean_dots)[row] - a.doubt * spread
    state.pointee.rows += UInt64(logits.count)
    guard !(floor >= state.pointee.threshold) else { return }
    let count = gather(a, row, from: floor)
    state.pointee.count = count
    state.pointee.goes_on = count > 0 ? 1 : 0
    state.pointee.rows += UInt64(count > 0 ? count : a.row_count)
  }
}
