import CSparrowCUDA
import SparrowCore

/// Matrices over one input: the input prepared for them, then launches that take as many of them
/// together as read it alike.
struct Products: Sendable {
  /// One matrix with its bias and where its products go.
  struct Part: Sendable {
    let matrix: DeviceMatrix
    /// Its address; 0 without.
    let bias: scu_address
    let output: DeviceRows
  }

  /// How matrices read their input.
  private enum Reading: Hashable { case floats, halves, bfloats }

  private struct Group: Sendable {
    let format: scu_format
    var argument: scu_multiply

    var reading: Reading {
      switch format {
      case SCU_F32: .floats
      case SCU_BF16: .bfloats
      default: .halves
      }
    }
  }

  private let operands: Operands
  private let input: DeviceRows
  private var groups: [Group] = []

  /// The products are added to their outputs where `adds` is true.
  init(_ parts: [Part], of input: DeviceRows, adds: Bool = false, _ operands: Operands) {
    self.operands = operands
    self.input = input
    for part in parts { add(part, adds) }
  }

  private mutating func add(_ part: Part, _ adds: Bool) {
    let format = part.matrix.format
    var group: Group
    if let last = groups.last, last.format == format, last.argument.count < SCU_PRODUCTS {
      group = groups.removeLast()
    } else {
      group = Group(format: format, argument: scu_multiply())
      group.argument.adds = adds ? 1 : 0
      group.argument.x = operands.buffers.prepared(
        columns: input.width, isHalf: group.reading == .halves)
      group.argument.input = input.address
      group.argument.input_width = Int32(input.width)
    }
    let product = scu_product(
      matrix: part.matrix.argument, bias: part.bias, output: part.output.address,
      width: Int32(part.output.width), first_tile: group.argument.tiles)
    withUnsafeMutableBytes(of: &group.argument.products) {
      $0.bindMemory(to: scu_product.self)[Int(group.argument.count)] = product
    }
    group.argument.count += 1
    group.argument.tiles += Int32((part.matrix.rows + 15) / 16)
    groups.append(group)
  }

  /// How the first launch wants its input prepared, so that who makes the input can do it; nil
  /// where it reads floats.
  var prepared: scu_prepared? {
    groups.first.flatMap { $0.reading == .floats ? nil : $0.argument.x }
  }

  /// Queues them for so many rows from `first` on; `isPrepared` where the input has been prepared
  /// as `prepared` says.
  func launch(rows: Int, from first: Int = 0, isPrepared: Bool = false) throws(SparrowError) {
    var known = isPrepared ? groups.first?.reading : nil
    let kernels = operands.kernels
    for var group in groups {
      group.argument.rows = Int32(rows)
      group.argument.input = input.from(first).address
      if group.reading == .floats {
        try kernels.multiplyFloats.launch(
          .init(grid: Int(group.argument.tiles), rows, block: 256, startsEarly: true),
          group.argument)
        continue
      }
      if known != group.reading {
        try kernels.prepare.launch(
          .init(grid: rows, block: operands.threads(input.width), startsEarly: true),
          scu_prepare(
            input: group.argument.input, input_width: Int32(input.width),
            width: Int32(input.width), to: group.argument.x))
        known = group.reading
      }
      let columns = rows <= 8 ? 1 : rows <= 16 ? 2 : 4
      let blocks = (rows + 8 * columns - 1) / (8 * columns)
      try kernels.multiply(group.format, columnTiles: columns).launch(
        .init(grid: Int(group.argument.tiles), blocks, block: 256, startsEarly: true),
        group.argument)
    }
  }
}
