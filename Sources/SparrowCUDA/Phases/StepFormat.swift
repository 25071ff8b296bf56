internal import CSparrowCUDA

/// How the weights of a synthetic model's matrices lie on a device.
package enum StepFormat: String, Sendable {
  case bf16, q8_0, q4_0

  /// Of a weight, its block's scale aside.
  var bits: Int {
    switch self {
    case .bf16: 16
    case .q8_0: 8
    case .q4_0: 4
    }
  }

  /// Bytes of a row, with what pads it.
  func rowBytes(_ columns: Int) -> Int { Int(scu_step_row_bytes(Int32(bits), Int32(columns))) }

  /// The weights of a row.
  func weights(_ row: UnsafeRawPointer, _ columns: Int) -> [Double] {
    func half(_ offset: Int) -> UInt16 {
      row.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }
    func number(_ column: Int) -> Int8 {
      guard self == .q4_0 else { return row.load(fromByteOffset: column, as: Int8.self) }
      let two = row.load(fromByteOffset: column / 8 * 4 + column % 4, as: Int8.self)
      return (column % 8 < 4 ? two << 4 : two) >> 4
    }
    return (0..<columns).map { column in
      guard self != .bf16 else { return Double(Float(bitPattern: UInt32(half(2 * column)) << 16)) }
      let scale = half(columns * bits / 8 + column / 32 * 2)
      return Double(number(column)) * Double(halfValue(scale))
    }
  }
}

/// Rows of weights by chance.
struct RandomMatrix {
  let rows: Int
  let columns: Int
  /// Of the weights: as evenly spread numbers of a bfloat's kind have it.
  let spread: Float
  let format: StepFormat

  func part(at offset: Int) -> RandomPart {
    guard format != .bf16 else {
      return RandomPart(offset: offset, count: rows * columns, format: SCU_BF16, spread: spread)
    }
    // The greatest number times a scale is the spread, for scales of middling size.
    let scale = spread / Float(1 << (format.bits - 1))
    let row = format.rowBytes(columns) / 2
    return RandomPart(
      offset: offset, count: rows * row, format: SCU_F16, center: scale, spread: scale / 4,
      row: row, bits: columns * format.bits / 16)
  }
}
