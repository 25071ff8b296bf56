import CSparrowCUDA
package import SparrowCore

/// How fast a device reads and copies its memory: the ceilings of decoding.
package struct DeviceBandwidth: Sendable {
  /// Bytes a second.
  package let reads: Double
  /// Bytes a second, read and written counted.
  package let copies: Double

  /// Bytes that are read at most: far beyond every cache.
  private static let most = 1 << 31
  /// What each round takes part in the figure's best.
  private static let rounds = 5
  /// Runs of a round, so that the start of the first does not show.
  private static let runs = 4

  /// Throws what the driver's calls throw; takes half of the free memory, 4 GB at most, and some
  /// milliseconds.
  package static func measure(_ library: KernelLibrary) throws(SparrowError) -> DeviceBandwidth {
    let context = library.context
    let bytes = min(most, try context.freeMemory() / 4) / 4096 * 4096
    let from = try DeviceBuffer(bytes, in: context)
    let to = try DeviceBuffer(bytes, in: context)
    try from.clear()
    let read = try reader(library)
    let argument = scu_read(from: from.address, sink: to.address, bytes: UInt64(bytes))
    return DeviceBandwidth(
      reads: try best(of: bytes, in: context) { () throws(SparrowError) in try read(argument) },
      copies: 2
        * (try best(of: bytes, in: context) { () throws(SparrowError) in
          try context.call("cuMemcpyDtoDAsync") {
            $0.copy_over(to.address, from.address, bytes, context.stream)
          }
        }))
  }

  /// Bulk copies, or plain loads where the device knows none.
  private static func reader(
    _ library: KernelLibrary
  ) throws(SparrowError) -> (scu_read) throws(SparrowError) -> Void {
    let device = library.context.device
    // A quarter of them under way, 48 KiB a multiprocessor: more makes them slower.
    let (slots, slotBytes) = (12, 16 << 10)
    let isBulk = device.architecture >= 90
    let kernel = try library.kernel(
      isBulk ? "read_bulk" : "read_plain", of: ["ring.cuh", "bandwidth.cu"],
      constants: [("SLOTS", slots), ("SLOT_BYTES", slotBytes), ("CONSUMERS", 1)],
      sharedBytes: isBulk ? slots * (slotBytes + 16) + 128 : 0)
    let shape = CUDAKernel.Shape(
      grid: (isBulk ? 1 : 4) * device.multiprocessors, block: isBulk ? 64 : 256)
    return { argument throws(SparrowError) in try kernel.launch(shape, argument) }
  }

  private static func best(
    of bytes: Int, in context: CUDAContext, _ body: () throws(SparrowError) -> Void
  ) throws(SparrowError) -> Double {
    let (start, end) = (try CUDAEvent(in: context), try CUDAEvent(in: context))
    var best = 0.0
    for _ in 0..<rounds {
      try start.record()
      for _ in 0..<runs { try body() }
      try end.record()
      let seconds = try end.milliseconds(since: start) / 1000
      best = max(best, Double(runs * bytes) / max(seconds, 1e-9))
    }
    return best
  }
}
