import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// What a step's rows are, written by the host and copied to the device before each step: tokens,
/// positions, page tables, and what heads are turned by.
final class StepInputs: @unchecked Sendable {
  private let host: PinnedBuffer
  private let device: DeviceBuffer
  private let context: CUDAContext
  private let rotaries: [RotaryDescription]
  private let table: TurnTable
  private let turnsOffset: Int
  /// Elements from a row's turns to the next row's: of each rotary its cosines, then its sines.
  let turnStride: Int

  /// Throws `.system` without memory for so many rows.
  init(
    _ model: ModelConfiguration, maximumRows: Int, in context: CUDAContext
  ) throws(SparrowError) {
    self.context = context
    rotaries = model.rotaries
    table = TurnTable(rotaries)
    turnStride = table.stride
    turnsOffset = (MemoryLayout<scu_row>.stride * maximumRows + 255) / 256 * 256
    let bytes = turnsOffset + 4 * maximumRows * turnStride
    host = try PinnedBuffer(bytes, in: context)
    device = try DeviceBuffer(bytes, in: context)
  }

  /// `scu_row[]` on the device.
  var rows: scu_address { device.address }

  /// The first row's turns of a rotary embedding; 0 without one.
  func turns(_ rotary: RotaryDescription?) -> scu_address {
    guard let rotary, let index = rotaries.firstIndex(of: rotary) else { return 0 }
    let before = rotaries[..<index].reduce(0) { $0 + $1.dimension / 2 * 2 }
    return device.address + UInt64(turnsOffset + 4 * before)
  }

  /// Writes a row; none may be under way to the device.
  func set(_ row: Int, _ value: scu_row, turnsLong: Bool) {
    let base = host.memory.baseAddress!
    base.storeBytes(of: value, toByteOffset: row * MemoryLayout<scu_row>.stride, as: scu_row.self)
    table.write(
      Int(value.position), isLong: turnsLong,
      to: (base + turnsOffset).assumingMemoryBound(to: Float.self) + row * turnStride)
  }

  /// Queues the copy of the first rows.
  func send(rows: Int) throws(SparrowError) {
    let bytes = turnsOffset + 4 * rows * turnStride
    try device.write(
      UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(host.memory)[..<bytes]))
  }
}
