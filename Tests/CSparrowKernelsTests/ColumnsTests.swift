import CSparrowKernels
import Testing

/// A packed matrix copied into column layout.
final class ColumnMatrix {
  var columns = sk_columns()
  private let data: UnsafeMutableRawBufferPointer
  private let planes: UnsafeMutableRawBufferPointer
  let paddedRows: Int

  init(_ source: PackedMatrix, group: Int = 1) {
    var matrix = source.matrix
    var dataBytes = 0
    var planeBytes = 0
    var stepBytes = 0
    sk_columns_layout(&matrix, Int32(group), &columns, &dataBytes, &planeBytes, &stepBytes)
    data = .allocate(byteCount: dataBytes, alignment: 64)
    planes = .allocate(byteCount: 2 * (planeBytes + stepBytes), alignment: 64)
    data.initializeMemory(as: UInt8.self, repeating: 0)
    planes.initializeMemory(as: UInt8.self, repeating: 0)
    columns.data = UnsafeRawPointer(data.baseAddress)
    if planeBytes > 0 {
      let base = planes.baseAddress!
      columns.scales = UnsafePointer(base.assumingMemoryBound(to: UInt16.self))
      if matrix.minimums == 1 {
        columns.minimums = UnsafePointer(
          (base + planeBytes).assumingMemoryBound(to: UInt16.self))
      }
      if stepBytes > 0 {
        let steps = (base + 2 * planeBytes).assumingMemoryBound(to: Int8.self)
        columns.steps = UnsafePointer(steps)
        if matrix.minimums == 1 { columns.minimum_steps = UnsafePointer(steps + stepBytes) }
      }
    }
    paddedRows = (source.rows + 63) / 64 * 64
    sk_pack_columns(&matrix, &columns, 0, matrix.rows)
  }

  deinit {
    data.deallocate()
    planes.deallocate()
  }

  func product(_ chosen: [Int32], _ a: [Float], from start: [Float]) -> [Float] {
    var y = start + [Float](repeating: 0, count: paddedRows - start.count)
    sk_columns_prefetch(&columns, chosen, 0, Int32(chosen.count))
    if columns.group > 1 {
      sk_groups_acc(&columns, chosen, a, 0, Int32(chosen.count), &y)
    } else {
      sk_columns_acc(&columns, chosen, a, 0, Int32(chosen.count), &y)
    }
    return Array(y[..<start.count])
  }
}

@Suite struct ColumnsTests {
  /// Masked-dense identity of one matrix: the chosen columns alone give the product with all other
  /// inputs zero.
  @Test(arguments: Instructions.available, sb_type.names.map(\.type))
  func addsTheChosenColumns(_ isa: Instructions, _ type: sb_type) {
    let width = type.block.weights == 256 ? 512 : 160
    for rows in [64, 96, 130] {
      let w = PackedMatrix(type, rows: rows, columns: width)
      let columns = ColumnMatrix(w)
      var noise = Noise(rows)
      for density in [0.0, 0.1, 0.5, 1.0] {
        let chosen = (0..<Int32(width)).filter { _ in
          Double.random(in: 0..<1, using: &noise) < density
        }
        let a = noise.floats(chosen.count, size: 2)
        let start = noise.floats(rows)
        let y = isa.use { columns.product(chosen, a, from: start) }
        for row in 0..<rows {
          var sum = Double(start[row])
          var size = abs(sum)
          for (column, value) in zip(chosen, a) {
            let weight = Double(w.weights[row][Int(column)])
            sum += weight * Double(value)
            size += (abs(weight) + 0.6) * abs(Double(value))
          }
          #expect(abs(Double(y[row]) - sum) <= 2e-6 * size, "row \(row) at density \(density)")
        }
      }
    }
  }

  /// Whole groups, with inputs that eight bits hold exactly.
  @Test(
    arguments: Instructions.available,
    sb_type.names.map(\.type).filter { PackedMatrix($0, rows: 1, columns: 512).matrix.block > 0 })
  func addsWholeGroups(_ isa: Instructions, _ type: sb_type) {
    for (rows, group) in [(64, 32), (96, 16), (130, 8)] {
      let w = PackedMatrix(type, rows: rows, columns: 512)
      let columns = ColumnMatrix(w, group: group)
      let size = Int(columns.columns.group)
      #expect(size == min(group, Int(w.matrix.block)))
      var noise = Noise(rows)
      var chosen: [Int32] = []
      var a: [Float] = []
      for first in stride(from: 0, to: 512, by: size) where Bool.random(using: &noise) {
        let unit = Float(1 + first) / 64
        chosen += (first..<first + size).map { Int32($0) }
        a += (0..<size).map {
          unit * ($0 == 3 ? -127 : Float(Int.random(in: -127...127, using: &noise)))
        }
      }
      let start = noise.floats(rows)
      let y = isa.use { columns.product(chosen, a, from: start) }
      for row in 0..<rows {
        var sum = Double(start[row])
        var size = abs(sum)
        for (column, value) in zip(chosen, a) {
          let weight = Double(w.weights[row][Int(column)])
          sum += weight * Double(value)
          size += (abs(weight) + 0.6) * abs(Double(value))
        }
        #expect(abs(Double(y[row]) - sum) <= 2e-6 * size, "row \(row) of groups of \(group)")
      }
    }
  }

  @Test(arguments: Instructions.available, [Float.nan, -.infinity])
  func aGroupWithNoNumberGivesNone(_ isa: Instructions, _ value: Float) {
    let columns = ColumnMatrix(PackedMatrix(SB_Q4_0, rows: 64, columns: 64), group: 32)
    let chosen = (0..<Int32(64)).map { $0 }
    var a = [Float](repeating: 0, count: 64)
    a[40] = value
    let start = [Float](repeating: 0, count: 64)
    let none = isa.use { columns.product(chosen, a, from: start) }
    #expect(none.allSatisfy { $0.isNaN })
    a[40] = 1e-38
    let same = isa.use { columns.product(chosen, a, from: start) }
    #expect(same == start)
  }

  @Test(arguments: sb_type.names.map(\.type))
  func askingAheadAddsTheSame(_ type: sb_type) {
    let w = PackedMatrix(type, rows: 130, columns: 512)
    let matrix = ColumnMatrix(w)
    var noise = Noise(7)
    for chosen in [[], [3], (0..<Int32(512)).map { $0 }] {
      let a = noise.floats(chosen.count)
      let y = matrix.product(chosen, a, from: [Float](repeating: 0, count: 130))
      var other = [Float](repeating: 0, count: matrix.paddedRows)
      sk_columns_acc_ahead(&matrix.columns, chosen, a, 0, Int32(chosen.count), &other)
      #expect(zip(y, other).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) })
    }
  }

  @Test func listsLargeInputs() {
    var noise = Noise(3)
    for n in [0, 1, 17, 100] {
      var x = noise.floats(n)
      if n > 10 {
        x[3] = .nan
        x[5] = -0.25
        x[n - 1] = -.infinity
      }
      var indices = [Int32](repeating: -1, count: n + 1)
      var values = [Float](repeating: 9, count: n + 1)
      let count = Int(sk_select_large(x, Int32(n), 0.25, 100, &indices, &values))
      let expected = x.indices.filter { !(abs(x[$0]) <= 0.25) }
      #expect(indices.prefix(count).elementsEqual(expected.map { Int32(100 + $0) }))
      #expect(
        values.prefix(count).map(\.bitPattern).elementsEqual(expected.map { x[$0].bitPattern }))
      #expect(indices[n] == -1 && values[n] == 9)
      #expect(sk_select_large(x, Int32(n), -1, 0, &indices, &values) == n)
    }
  }
}
