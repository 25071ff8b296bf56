import CSparrowCUDA
import SparrowSparsity

extension TestKernels {
  static let selection: [String: Kernel] = [
    "select_rows": kernel { (a: scu_select, grid) in
      for row in 0..<grid[0] { select(a, row) }
      unite(a.chosen, rows: grid[0])
    },
    "transpose": kernel { (a: scu_transpose, _) in
      for row in 0..<Int(a.from.rows) {
        for (column, value) in weights(a.from, row).enumerated() {
          TestColumns(a.to).write(value, row, column, as: a.from)
        }
      }
    },
    "column_sums": kernel { (a: scu_column_sums, _) in
      let sums = withUnsafeBytes(of: a.sums) {
        $0.bindMemory(to: scu_column_sum.self).filter { $0.matrix.rows > 0 }
      }
      for row in 0..<Int(a.rows) {
        let values = floats(a.values, row * Int(a.values_width))
        let read = members(a.chosen).filter {
          isMarked(a.chosen.marks, Int(a.chosen.width), row, $0 / Int(a.chosen.group))
            && values[$0] != 0 && !(abs(values[$0]) < a.least)
        }
        for sum in sums {
          let output = floats(sum.output, row * Int(sum.width))
          let matrix = TestColumns(sum.matrix)
          for index in 0..<Int(sum.matrix.rows) {
            var y = read.reduce(Float(0)) { $0 + values[$1] * matrix.read(index, $1) }
            if sum.bias != 0 { y += floats(sum.bias)[index] }
            output[index] = a.adds != 0 ? output[index] + y : y
          }
        }
        if a.reads != 0 { reads(a.reads).pointee.columns += UInt64(read.count) }
      }
    },
  ]

  static func integers(_ address: scu_address, _ offset: Int = 0) -> UnsafeMutablePointer<Int32> {
    TestDriver.memory(address).assumingMemoryBound(to: Int32.self) + offset
  }

  static func reads(_ address: scu_address) -> UnsafeMutablePointer<scu_reads> {
    TestDriver.memory(address).assumingMemoryBound(to: scu_reads.self)
  }

  /// The columns that the union's numbers stand for, ascending.
  static func members(_ lists: scu_lists) -> [Int] {
    let words = (Int(lists.width * lists.group) + 31) / 32
    return (0..<Int(integers(lists.starts)[words])).map { Int(integers(lists.members)[$0]) }
  }

  /// Lists the union of so many rows' marks, and what comes before each 32 columns.
  private static func unite(_ lists: scu_lists, rows: Int) {
    let (width, group) = (Int(lists.width), Int(lists.group))
    var count: Int32 = 0
    for column in 0..<width * group {
      if column % 32 == 0 { integers(lists.starts)[column / 32] = count }
      guard (0..<rows).contains(where: { isMarked(lists.marks, width, $0, column / group) })
      else { continue }
      integers(lists.members)[Int(count)] = Int32(column)
      count += 1
    }
    integers(lists.starts)[(width * group + 31) / 32] = count
  }

  static func isMarked(_ marks: scu_address, _ width: Int, _ row: Int, _ index: Int) -> Bool {
    integers(marks, row * ((width + 31) / 32))[index / 32] >> Int32(index % 32) & 1 != 0
  }

  private static func select(_ a: scu_select, _ row: Int) {
    let scores = floats(a.scores, row * Int(a.stride))
    let (width, size) = (Int(a.chosen.width), Int(a.group))
    let common = (0..<Int(a.common_count)).map { Int(integers(a.common)[$0]) }
    func members(_ group: Int) -> [Int] {
      (group * size..<(group + 1) * size).map { a.order == 0 ? $0 : Int(integers(a.order)[$0]) }
    }
    let present = (0..<Int(a.groups)).filter { group in
      guard !common.contains(group) else { return false }
      return a.among == 0 || isMarked(a.among, width, row, members(group)[0])
    }
    // Without a list to choose among groups keep their places.
    let places = a.among == 0 ? Array(0..<Int(a.groups)) : present
    let sums = places.map { group -> Float in
      guard !common.contains(group) else { return .nan }
      return a.sums == 0 ? scores[group] : members(group).reduce(0) { $0 + abs(scores[$1]) }
    }
    let picked = a.selector.picked(sums).map { places[$0] }
    let found = (picked + common).flatMap(members).sorted()
    let marks = integers(a.chosen.marks, row * ((width + 31) / 32))
    marks.update(repeating: 0, count: (width + 31) / 32)
    for index in found { marks[index / 32] |= 1 << Int32(index % 32) }
    guard a.reads != 0 else { return }
    reads(a.reads).pointee.tokens += 1
    reads(a.reads).pointee.chosen += UInt64(found.count)
  }
}

extension scu_selector {
  fileprivate func picked(_ scores: [Float]) -> [Int] {
    let selector: Selector
    switch scu_cut_kind(UInt32(kind)) {
    case SCU_LARGE: return scores.indices.filter { !(abs(scores[$0]) <= threshold) }
    case SCU_THRESHOLD: selector = .threshold(threshold)
    case SCU_TOP: selector = .topK(Int(k))
    case SCU_STATISTICAL: selector = .statisticalTopK(Int(k))
    default:
      selector = .bucketedTopK(Int(k), buckets: Int(buckets), perBucket: Int(per_bucket))
    }
    return selector.select(scores).indices.map(Int.init)
  }
}

/// A matrix by columns.
private struct TestColumns {
  private let columns: scu_columns

  init(_ columns: scu_columns) { self.columns = columns }

  private func halves(_ address: scu_address) -> UnsafeMutablePointer<Float16> {
    TestDriver.memory(address).assumingMemoryBound(to: Float16.self)
  }

  private func plane(_ row: Int, _ column: Int) -> Int {
    column / Int(columns.span) * Int(columns.stride) + row
  }

  func read(_ row: Int, _ column: Int) -> Float {
    let index = column * Int(columns.stride) + row
    let memory = TestDriver.memory(columns.weights)
    switch scu_columns_format(UInt32(columns.format)) {
    case SCU_COLUMNS_F32: return memory.assumingMemoryBound(to: Float.self)[index]
    case SCU_COLUMNS_F16: return Float(memory.assumingMemoryBound(to: Float16.self)[index])
    case SCU_COLUMNS_BF16:
      return TestKernels.bfloat(memory.assumingMemoryBound(to: UInt16.self)[index])
    default:
      let code = Float(memory.assumingMemoryBound(to: Int8.self)[index])
      let least =
        columns.minimums == 0 ? 0 : Float(halves(columns.minimums)[plane(row, column)])
      return code * Float(halves(columns.scales)[plane(row, column)]) + least
    }
  }

  /// The value of `matrix`, which is one of its format.
  func write(_ value: Float, _ row: Int, _ column: Int, as matrix: scu_matrix) {
    let index = column * Int(columns.stride) + row
    let memory = TestDriver.memory(columns.weights)
    switch scu_columns_format(UInt32(columns.format)) {
    case SCU_COLUMNS_F32: memory.assumingMemoryBound(to: Float.self)[index] = value
    case SCU_COLUMNS_F16: memory.assumingMemoryBound(to: Float16.self)[index] = Float16(value)
    case SCU_COLUMNS_BF16:
      memory.assumingMemoryBound(to: UInt16.self)[index] = TestKernels.bfloat(value)
    default:
      var matrix = matrix
      let block = scu_block_of(matrix.format)
      let planes = scu_planes_of(block, matrix.stride)
      let bytes = TestDriver.memory(matrix.weights) + row * Int(scu_row_bytes(&matrix))
      let number = scu_number(
        block, planes, bytes.assumingMemoryBound(to: UInt8.self), Int32(column))
      memory.assumingMemoryBound(to: Int8.self)[index] = Int8(number - block.offset)
      func copy(_ from: Int32, _ to: scu_address) {
        let own = (bytes + Int(from)).assumingMemoryBound(to: Float16.self)
        halves(to)[plane(row, column)] = own[column / Int(block.span)]
      }
      copy(planes.scales, columns.scales)
      if block.minimums != 0 { copy(planes.minimums, columns.minimums) }
    }
  }
}
