import CSparrowCUDA

extension TestKernels {
  static let heads: [String: Kernel] = [
    "head_lengths": kernel { (a: scu_lengths, grid) in
      for row in 0..<grid[1] {
        for group in 0..<Int(a.groups) {
          let x = floats(a.input, row * Int(a.input_width) + group * Int(a.group_width))
          let sum = (0..<Int(a.group_width)).reduce(Float(0)) { $0 + x[$1] * x[$1] }
          floats(a.scores, row * Int(a.groups))[group] = sum.squareRoot()
        }
      }
    },
    "keep_input": kernel { (a: scu_sparse_heads, grid) in
      for row in 0..<grid[0] {
        let position = Int(TestKernels.row(a.heads.rows_of_step, row).position)
        let kept = Kept(a, row).input(position)
        kept.update(
          from: floats(a.input, row * Int(a.input_width)), count: Int(a.key_matrix.columns))
        guard a.heads.turns != 0 else { continue }
        (kept + turnsStart(a)).update(
          from: floats(a.heads.turns, row * Int(a.heads.turn_stride)),
          count: Int(a.heads.rotary) / 2 * 2)
      }
    },
    "project_heads": kernel { (a: scu_sparse_heads, grid) in
      for row in 0..<grid[1] { projectHeads(a, row) }
    },
    "append_heads": kernel { (a: scu_sparse_heads, grid) in
      for row in 0..<grid[1] {
        for head in 0..<Int(a.heads.key_heads) { appendHead(a, row, head) }
      }
    },
    "set_made": kernel { (a: scu_made, _) in
      let layer = Int(a.heads) + Int(SCU_KEPT) * Int(a.width)
      for index in 0..<Int(a.layers) {
        for made in UnsafeMutableBufferPointer(
          start: integers(a.memory, index * layer), count: Int(a.heads)
        ).indices {
          let place = integers(a.memory, index * layer) + made
          place.pointee = a.at_most != 0 ? min(place.pointee, a.count) : a.count
        }
      }
    },
  ]

  private struct Kept {
    let made: UnsafeMutablePointer<Int32>
    private let inputs: UnsafeMutablePointer<Float>
    private let width: Int

    init(_ a: scu_sparse_heads, _ row: Int) {
      let memory = TestKernels.row(a.heads.rows_of_step, row).kept + a.kept.before
      made = integers(memory)
      inputs = floats(memory, Int(a.kept.heads))
      width = Int(a.kept.width)
    }

    func input(_ position: Int) -> UnsafeMutablePointer<Float> {
      inputs + position % Int(SCU_KEPT) * width
    }
  }

  private static func turnsStart(_ a: scu_sparse_heads) -> Int {
    (Int(a.key_matrix.columns) + Int(SCU_LINE) - 1) / Int(SCU_LINE) * Int(SCU_LINE)
  }

  private static func isChosen(_ a: scu_sparse_heads, _ row: Int, _ head: Int) -> Bool {
    a.catches_up == 0 && isMarked(a.chosen.marks, Int(a.chosen.width), row, head)
  }

  /// The positions whose keys and values a head makes now.
  private static func missing(_ a: scu_sparse_heads, _ row: Int, _ head: Int) -> Range<Int> {
    let position = Int(self.row(a.heads.rows_of_step, row).position)
    guard a.kept.width > 0 else { return position..<position + 1 }
    let made = Int(Kept(a, row).made[head])
    if a.catches_up != 0 { return made..<position }
    let makes = isChosen(a, row, head) || (position + head) % Int(SCU_KEPT) == 0
    return (makes ? made : position + 1)..<position + 1
  }

  private static func projectHeads(_ a: scu_sparse_heads, _ row: Int) {
    let (dimension, keyHeads) = (Int(a.heads.head_dimension), Int(a.heads.key_heads))
    let width = Int(a.heads.heads) / keyHeads * dimension
    func product(
      _ matrix: scu_matrix, _ bias: scu_address, _ index: Int, _ x: UnsafePointer<Float>
    ) -> Float {
      let input = Array(UnsafeBufferPointer(start: x, count: Int(matrix.columns)))
      return dot(matrix, index, input) + (bias == 0 ? 0 : floats(bias)[index])
    }
    for head in 0..<keyHeads {
      for index in head * width..<(head + 1) * width where isChosen(a, row, head) {
        floats(a.heads.query, row * Int(a.heads.query_width))[index] = product(
          a.query_matrix, a.query_bias, index, floats(a.input, row * Int(a.input_width)))
      }
      guard a.kept.width > 0 else { continue }
      for (place, position) in missing(a, row, head).enumerated() {
        let x = Kept(a, row).input(position)
        let start = (row * Int(SCU_KEPT) + place) * keyHeads * dimension
        for index in head * dimension..<(head + 1) * dimension {
          floats(a.late_keys, start)[index] = product(a.key_matrix, a.key_bias, index, x)
          floats(a.late_values, start)[index] = product(a.value_matrix, a.value_bias, index, x)
        }
      }
    }
  }

  private static func appendHead(_ a: scu_sparse_heads, _ row: Int, _ head: Int) {
    let (dimension, keyHeads) = (Int(a.heads.head_dimension), Int(a.heads.key_heads))
    let group = Int(a.heads.heads) / keyHeads
    for query in 0..<group where isChosen(a, row, head) {
      prepareHead(a.heads, row, head * group + query)
    }
    let positions = missing(a, row, head)
    for (place, position) in positions.enumerated() {
      var own = a.heads
      var step = self.row(a.heads.rows_of_step, row)
      step.position = Int32(position)
      if a.kept.width > 0 {
        let start = 4 * UInt64((row * Int(SCU_KEPT) + place) * keyHeads * dimension)
        (own.key, own.value) = (a.late_keys + start, a.late_values + start)
        if own.turns != 0 {
          own.turns = scu_address(
            UInt(bitPattern: Kept(a, row).input(position) + turnsStart(a)))
        }
      } else {
        own.key += 4 * UInt64(row * Int(own.key_width))
        own.value += 4 * UInt64(row * Int(own.value_width))
        own.turns += own.turns == 0 ? 0 : 4 * UInt64(row * Int(own.turn_stride))
      }
      withUnsafePointer(to: step) { step in
        own.rows_of_step = scu_address(UInt(bitPattern: step))
        prepareHead(own, 0, Int(own.heads) + head)
        prepareHead(own, 0, Int(own.heads) + keyHeads + head)
      }
    }
    guard a.kept.width > 0, !positions.isEmpty else { return }
    Kept(a, row).made[head] = Int32(positions.upperBound)
    if a.reads != 0, a.catches_up == 0 { reads(a.reads).pointee.columns += 1 }
  }
}
