import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// All buffers of a step on a device, allocated once for the widest step.
final class StepBuffers: Sendable {
  let maximumRows: Int
  /// Elements of an input that products take at most: those of the widest buffer, and what
  /// predictors need.
  let widest: Int
  private let rows: [Operation.Buffer: DeviceRows]
  /// What products read: one input at a time in two terms, of halves or bfloats; and another one
  /// for what runs beside.
  private let inputs: [PreparedInput]
  /// Parts of attention, of as many rows at a time as there is room for.
  let parts: DeviceBuffer
  /// Parts of sums of chosen columns, then a zero for each tile of their outputs.
  let columns: DeviceBuffer
  let columnArrivals: scu_address
  private let memory: DeviceBuffer
  /// Elements of an output that a block of such sums takes.
  static let columnSlice = 256
  /// Bytes of `parts` at most.
  private static let partBytes = 64 << 20

  /// Throws `.system` with both sizes where the device has too little memory.
  init(
    _ model: ModelConfiguration, maximumRows: Int, in context: CUDAContext
  ) throws(SparrowError) {
    self.maximumRows = maximumRows
    var offsets: [(Operation.Buffer, offset: Int, width: Int)] = []
    var total = 0
    for name in Operation.Buffer.allCases {
      guard let width = model.width(of: name) else { continue }
      offsets.append((name, total, width))
      total += (4 * maximumRows * width + 255) / 256 * 256
    }
    let memory = try DeviceBuffer(total, in: context)
    self.memory = memory
    try memory.clear()
    rows = Dictionary(
      uniqueKeysWithValues: offsets.map {
        ($0.0, DeviceRows(address: memory.address + UInt64($0.offset), width: $0.width))
      })
    widest = Self.stride(max(rows.values.map(\.width).max() ?? 0, 4096))
    inputs = [
      try PreparedInput(rows: maximumRows, width: widest, in: context),
      try PreparedInput(rows: StepShape.sparseRows, width: widest, in: context),
    ]
    let splits = StepShape(rows: 1, positions: model.contextLength, type: .f16).splits
    let rowBytes = model.layers.map(\.attention).map { 4 * $0.heads * ($0.headDimension + 2) }
    let most = (rowBytes.max() ?? 0) * splits
    parts = try DeviceBuffer(max(min(most * maximumRows, Self.partBytes), most), in: context)
    // Where columns are cut in parts, those of slices are at most two a multiprocessor.
    let slices = 2 * context.device.multiprocessors
    let partBytes = 4 * StepShape.sparseRows * Self.columnSlice * slices
    columns = try DeviceBuffer(partBytes + 4 * 2 * slices, in: context)
    try columns.clear()
    columnArrivals = columns.address + UInt64(partBytes)
  }

  /// A buffer that the model has a use for.
  subscript(name: Operation.Buffer) -> DeviceRows {
    guard let own = rows[name] else { preconditionFailure("no buffer \(name)") }
    return own
  }

  /// Where inputs of `columns` elements are prepared for products, of halves or bfloats.
  func prepared(columns: Int, isHalf: Bool, isBeside: Bool = false) -> scu_prepared {
    let own = inputs[isBeside ? 1 : 0]
    return scu_prepared(
      high: own.high.address, low: own.low.address, scales: own.scales.address,
      sums: isHalf ? own.sums.address : 0, stride: Int32(Self.stride(columns)),
      is_half: isHalf ? 1 : 0)
  }

  /// Elements from one row to the next of prepared inputs: whole lines.
  private static func stride(_ columns: Int) -> Int {
    (columns + Int(SCU_LINE) - 1) / Int(SCU_LINE) * Int(SCU_LINE)
  }
}

/// Room for the rows of an input in two terms.
private struct PreparedInput {
  let high: DeviceBuffer
  let low: DeviceBuffer
  let scales: DeviceBuffer
  let sums: DeviceBuffer

  init(rows: Int, width: Int, in context: CUDAContext) throws(SparrowError) {
    high = try DeviceBuffer(2 * rows * width, in: context)
    low = try DeviceBuffer(2 * rows * width, in: context)
    scales = try DeviceBuffer(4 * rows, in: context)
    sums = try DeviceBuffer(4 * rows * width / 32, in: context)
  }
}
