import CSparrowCUDA
import SparrowCore
import SparrowEngine

/// Where a sequence's pages lie: a table on the device, which kernels read, and what it holds.
final class SequencePages: SequenceMemory {
  private var addresses: [scu_address]
  /// Entries that the device does not have yet.
  private var changed = 0..<0
  private var table: DeviceBuffer?
  /// nil before the first step that may skip keys.
  var kept: KeptInputs?

  /// Room for so many pages.
  init(pages count: Int) { addresses = Array(repeating: 0, count: count) }

  func put(_ page: CachePage, at index: Int) {
    guard let memory = page.pool.memory as? DevicePages else {
      preconditionFailure("a page of another backend")
    }
    addresses[index] = memory.address(page.place)
    changed =
      changed.isEmpty
      ? index..<index + 1 : min(changed.lowerBound, index)..<max(changed.upperBound, index + 1)
  }

  func adopt(_ count: Int) { kept?.fill(to: count) }

  func truncate(to count: Int) { kept?.truncate(to: count) }

  /// The table's address, all its entries on their way to the device.
  func send(in context: CUDAContext) throws(SparrowError) -> scu_address {
    let table: DeviceBuffer
    if let known = self.table {
      table = known
    } else {
      table = try DeviceBuffer(8 * addresses.count, in: context)
    }
    self.table = table
    if !changed.isEmpty {
      let range = 8 * changed.lowerBound..<8 * changed.upperBound
      var failure: SparrowError?
      addresses.withUnsafeBytes { bytes in
        do throws(SparrowError) {
          try table.write(UnsafeRawBufferPointer(rebasing: bytes[range]), at: range.lowerBound)
        } catch { failure = error }
      }
      if let failure { throw failure }
      changed = 0..<0
    }
    return table.address
  }
}

extension SequenceState {
  /// The memory of a sequence that this backend made.
  var devicePages: SequencePages {
    guard let pages = memory as? SequencePages else {
      preconditionFailure("a sequence of another backend")
    }
    return pages
  }
}
