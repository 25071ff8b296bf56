import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// The dense vocabulary head: logits on the device, and where the host reads them.
final class DeviceHead: Sendable {
  /// Rows of logits that one call computes at most.
  static let maximumRows = 16

  /// `[maximumRows][vocabulary]`
  let logits: DeviceRows
  let host: PinnedBuffer
  private let device: DeviceBuffer
  private let input: DeviceRows
  private let products: Products
  private let operands: Operands
  private let context: CUDAContext

  /// `input` is the buffer that the head reads. Throws `.system` with both sizes where memory does
  /// not suffice.
  init(
    _ operands: Operands, input: Operation.Buffer, in context: CUDAContext
  ) throws(SparrowError) {
    self.operands = operands
    self.context = context
    self.input = operands.buffers[input]
    let model = operands.model
    let bytes = 4 * Self.maximumRows * model.vocabulary
    device = try DeviceBuffer(bytes, in: context)
    host = try PinnedBuffer(bytes, in: context)
    logits = DeviceRows(address: device.address, width: model.vocabulary)
    host.memory.initializeMemory(as: UInt8.self, repeating: 0)
    let matrix = operands.weights.matrix(model.headRole)
    products = Products(
      [.init(matrix: matrix, bias: 0, output: logits)], of: self.input, operands)
  }

  /// Queues the logits of adjacent rows of the last step, the first one's first.
  func launch(_ rows: Range<Int>) throws(SparrowError) {
    try products.launch(rows: rows.count, from: rows.lowerBound)
    let model = operands.model
    guard model.logitScale != 1 || model.logitSoftcap != 0 else { return }
    try operands.kernels.add.launch(
      .init(grid: (logits.width + 255) / 256, rows.count, block: 256, startsEarly: true),
      scu_add(
        input: logits.address, output: logits.address, input_width: Int32(logits.width),
        output_width: Int32(logits.width), width: Int32(logits.width), adds: 0,
        scale: model.logitScale, softcap: model.logitSoftcap))
  }

  /// Queues the copy of rows of logits to the host.
  func copy(_ rows: Range<Int>) throws(SparrowError) {
    try context.copy(
      logits.from(rows.lowerBound).address, to: host, at: 4 * rows.lowerBound * logits.width,
      count: 4 * rows.count * logits.width)
  }

  /// Zeros in place of what was copied.
  func clear() { host.memory.initializeMemory(as: UInt8.self, repeating: 0) }

  /// What was copied of these rows, `[rows][vocabulary]`.
  func values(_ rows: Range<Int>) -> UnsafeBufferPointer<Float> {
    let all = UnsafeRawBufferPointer(host.memory).bindMemory(to: Float.self)
    return UnsafeBufferPointer(
      rebasing: all[rows.lowerBound * logits.width..<rows.upperBound * logits.width])
  }
}
