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

  /// What a single row is made of where the launches make it themselves.
  enum Source: Sendable {
    case rows
    case norm(scu_norm)
    /// Of neurons, by gates where these are not 0.
    case activations(gates: scu_address, activation: Int32)
  }

  private let operands: Operands
  private let input: DeviceRows
  private var groups: [Group] = []
  /// Elements of an input that launches may make themselves: each of their blocks does, which takes
  /// longer for a wide one than a launch that does it once.
  private static let widestStaged = 2048

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

  /// Whether launches can make a single row themselves.
  var canStage: Bool {
    input.width <= Self.widestStaged && groups.allSatisfy { $0.reading != .floats }
  }

  /// Queues them for a step, whose single row they make themselves where it is lean and they can.
  func launch(_ shape: StepShape, of source: Source = .rows) throws(SparrowError) {
    guard shape.isLean, canStage else { return try launch(rows: shape.rows) }
    var argument = scu_staged()
    switch source {
    case .rows: break
    case .norm(let norm): (argument.norm, argument.makes) = (norm, 1)
    case .activations(let gates, let activation):
      (argument.gates, argument.makes, argument.activation) = (gates, 2, activation)
    }
    if argument.makes != 1 {
      (argument.norm.input, argument.norm.width) = (input.address, Int32(input.width))
    }
    let kernels = operands.kernels
    for group in groups {
      argument.multiply = group.argument
      argument.multiply.rows = 1
      // The row's two terms, and a sum of each 32 columns.
      let stride = Int(group.argument.x.stride)
      let cut = ProductCut.of(
        group.format, tiles: Int(group.argument.tiles), rows: 1,
        stagedBytes: 4 * stride + stride / 8, on: kernels.library.context.device)
      try cut.kernel(kernels.library).launch(cut.shape, argument)
    }
  }

  /// Queues them for so many rows from `first` on; `isPrepared` where the input has been prepared
  /// as `prepared` says.
  func launch(rows: Int, from first: Int = 0, isPrepared: Bool = false) throws(SparrowError) {
    var known = isPrepared ? groups.first?.reading : nil
    let kernels = operands.kernels
    for var group in groups {
      group.argument.rows = Int32(rows)
      group.argument.input = input.from(first).address
      group.argument.x = operands.buffers.prepared(
        columns: input.width, isHalf: group.reading == .halves,
        isBeside: kernels.library.context.isBeside)
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
      let cut = ProductCut.of(
        group.format, tiles: Int(group.argument.tiles), rows: rows,
        on: kernels.library.context.device)
      try cut.kernel(kernels.library).launch(cut.shape, group.argument)
    }
  }
}
