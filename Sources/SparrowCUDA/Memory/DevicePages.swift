import CSparrowCUDA
import SparrowCore
import SparrowEngine

/// The pages of a pool in one block of a device's memory:
/// `[page][layer][key or value][head][position][headDimension]`.
final class DevicePages: PageMemory {
  private let block: DeviceBuffer
  private let pageBytes: Int
  private let context: CUDAContext
  private let failed: @Sendable (SparrowError) -> Void

  /// `failed` hears of copies that the device refuses. Throws `.system` with both sizes where it
  /// has too little memory.
  init(
    _ count: Int, bytes pageBytes: Int, in context: CUDAContext,
    failed: @escaping @Sendable (SparrowError) -> Void
  ) throws(SparrowError) {
    let (total, overflow) = count.multipliedReportingOverflow(by: pageBytes)
    block = try DeviceBuffer(overflow ? .max : total, in: context)
    self.pageBytes = pageBytes
    self.context = context
    self.failed = failed
  }

  func address(_ place: Int) -> scu_address { block.address + UInt64(place * pageBytes) }

  func copy(_ place: Int, to other: Int) {
    do throws(SparrowError) {
      try context.call("cuMemcpyDtoDAsync") {
        $0.copy_over(address(other), address(place), pageBytes, context.stream)
      }
    } catch { failed(error) }
  }

  /// The device keeps the whole block.
  func release(_ places: Range<Int>) {}
}
