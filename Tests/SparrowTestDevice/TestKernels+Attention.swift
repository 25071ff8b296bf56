import CSparrowCUDA
import SparrowCore

extension TestKernels {
  static let attention: [String: Kernel] = [
    "prepare_heads": kernel { (a: scu_heads, grid) in
      for row in 0..<grid[1] {
        for head in 0..<grid[0] { prepareHead(a, row, head) }
      }
    },
    "attend": kernel { (a: scu_attend, grid) in
      for row in 0..<grid[2] {
        for split in 0..<grid[1] {
          for head in 0..<grid[0] { attendPart(a, row, split, head) }
        }
      }
    },
    "attend_rows": kernel { (a: scu_attend, grid) in
      for row in 0..<Int(a.rows) {
        for split in 0..<grid[1] {
          for head in 0..<grid[0] { attendPart(a, row, split, head) }
        }
      }
    },
    "decode_heads": kernel(decodeHeads),
    "decode_heads_ahead": kernel(decodeHeads),
    "join_parts": kernel { (a: scu_attend, grid) in
      for index in 0..<grid[1] {
        let row = Int(a.first_row) + index
        for head in 0..<grid[0]
        where a.marks == 0
          || isMarked(a.marks, Int(a.key_heads), row, head / Int(a.heads / a.key_heads))
        { join(a, index, row, head, floats(a.output, row * Int(a.output_width))) }
      }
    },
  ]

  private static func decodeHeads(_ a: scu_decode, _ grid: [Int]) {
    for row in 0..<grid[2] {
      for head in 0..<Int(a.heads.heads + 2 * a.heads.key_heads) {
        prepareHead(a.heads, Int(a.attend.first_row) + row, head)
      }
      for split in 0..<grid[1] {
        for head in 0..<grid[0] { attendPart(a.attend, row, split, head) }
      }
    }
  }

  /// Where an element of a key or a value lies.
  private struct Cached {
    let page: UnsafeMutableRawPointer
    let index: Int
    let isHalf: Bool

    init(
      _ place: scu_row, position: Int, plane: UInt64, keyHeads: Int, head: Int, isValue: Bool,
      dimension: Int, type: Int32
    ) {
      let pages = TestDriver.memory(place.pages).assumingMemoryBound(to: scu_address.self)
      page = TestDriver.memory(pages[position / Int(SCU_PAGE)])
      let plan = (isValue ? keyHeads : 0) + head
      index =
        Int(plane) + (plan * Int(SCU_PAGE) + position % Int(SCU_PAGE)) * dimension
      isHalf = type == 0
    }

    subscript(element: Int) -> Float {
      get {
        isHalf
          ? Float(page.assumingMemoryBound(to: Float16.self)[index + element])
          : page.assumingMemoryBound(to: Float.self)[index + element]
      }
      nonmutating set {
        if isHalf {
          page.assumingMemoryBound(to: Float16.self)[index + element] = Float16(newValue)
        } else {
          page.assumingMemoryBound(to: Float.self)[index + element] = newValue
        }
      }
    }
  }

  static func prepareHead(_ a: scu_heads, _ index: Int, _ head: Int) {
    let (heads, keyHeads, width) = (Int(a.heads), Int(a.key_heads), Int(a.head_dimension))
    let place = row(a.rows_of_step, index)
    let (kind, own) =
      head < heads
      ? (0, head) : head < heads + keyHeads ? (1, head - heads) : (2, head - heads - keyHeads)
    let base = floats(
      [a.query, a.key, a.value][kind],
      index * Int([a.query_width, a.key_width, a.value_width][kind]) + own * width)
    var x = Array(UnsafeBufferPointer(start: base, count: width))
    let norm = [a.norms_query, a.norms_key, a.norms_value][kind]
    if norm != 0 {
      let weights = kind == 0 ? a.query_norm : kind == 1 ? a.key_norm : 0
      let start = own * Int(kind == 0 ? a.query_stride : a.key_stride)
      let made = Norm(base, width, isRMS: norm == 1, kind == 2 ? a.value_epsilon : a.epsilon)
      for i in 0..<width {
        x[i] = made.value(x[i], weight: weights == 0 ? 1 : floats(weights, start)[i] + a.offset)
      }
    }
    if kind < 2, a.turns != 0 {
      let half = Int(a.rotary) / 2
      let turns = floats(a.turns, index * Int(a.turn_stride))
      for i in 0..<half {
        let (first, second) = a.interleaved != 0 ? (2 * i, 2 * i + 1) : (i, i + half)
        let (u, v) = (x[first], x[second])
        x[first] = u * turns[i] - v * turns[half + i]
        x[second] = u * turns[half + i] + v * turns[i]
      }
    }
    guard kind > 0 else { return base.update(from: x, count: width) }
    let cached = Cached(
      place, position: Int(place.position), plane: a.plane, keyHeads: keyHeads, head: own,
      isValue: kind == 2, dimension: width, type: a.cache_type)
    for i in 0..<width { cached[i] = x[i] }
  }

  private static func part(_ a: scu_attend, _ row: Int, _ head: Int, _ split: Int) -> Int {
    ((row * Int(a.heads) + head) * Int(a.splits) + split) * (Int(a.head_dimension) + 2)
  }

  static func attendPart(_ a: scu_attend, _ index: Int, _ split: Int, _ head: Int) {
    let (row, width) = (Int(a.first_row) + index, Int(a.head_dimension))
    let place = self.row(a.rows_of_step, row)
    let seen = Int(place.position) + 1
    let first = max(split * Int(SCU_SPLIT), a.window > 0 ? seen - Int(a.window) : 0)
    let end = min(seen, (split + 1) * Int(SCU_SPLIT))
    guard first < end else { return }
    let own = head / Int(a.heads / a.key_heads)
    guard a.marks == 0 || isMarked(a.marks, Int(a.key_heads), row, own) else { return }
    func cached(_ position: Int, isValue: Bool) -> Cached {
      Cached(
        place, position: position, plane: a.plane, keyHeads: Int(a.key_heads), head: own,
        isValue: isValue, dimension: width, type: a.cache_type)
    }
    let query = floats(a.query, row * Int(a.query_width) + head * width)
    let scores = (first..<end).map { position in
      let key = cached(position, isValue: false)
      let score = (0..<width).reduce(0) { $0 + query[$1] * key[$1] } * a.scale
      return a.softcap == 0 ? score : a.softcap * hyperbolicTangent(score / a.softcap)
    }
    let most = scores.max()!
    let weights = scores.map { Float(exponential(Double($0 - most))) }
    let total = weights.reduce(0, +)
    let output = floats(a.output, row * Int(a.output_width) + head * width)
    let part = floats(a.parts, self.part(a, index, head, split))
    for i in 0..<width {
      var sum: Float = 0
      for (weight, position) in zip(weights, first..<end) {
        sum += weight * cached(position, isValue: true)[i]
      }
      if a.splits == 1 { output[i] = sum / total } else { part[2 + i] = sum }
    }
    if a.splits > 1 { (part[0], part[1]) = (most, total) }
  }

  static func join(
    _ a: scu_attend, _ index: Int, _ row: Int, _ head: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    let (position, width) = (Int(self.row(a.rows_of_step, row).position), Int(a.head_dimension))
    let first = (a.window > 0 ? max(0, position + 1 - Int(a.window)) : 0) / Int(SCU_SPLIT)
    let splits = first...position / Int(SCU_SPLIT)
    let parts = splits.map { floats(a.parts, part(a, index, head, $0)) }
    let most = parts.map { $0[0] }.max()!
    let weights = parts.map { Float(exponential(Double($0[0] - most))) }
    var total: Float = 0
    for (weight, part) in zip(weights, parts) { total += weight * part[1] }
    for i in 0..<width {
      var sum: Float = 0
      for (weight, part) in zip(weights, parts) { sum += weight * part[2 + i] }
      output[head * width + i] = sum / total
    }
  }
}
