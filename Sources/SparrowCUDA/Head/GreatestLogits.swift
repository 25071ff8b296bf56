import CSparrowCUDA
import SparrowCore
import SparrowEngine

/// The greatest logits of rows, found on the device: all that most requests choose from, and a
/// thousandth of the bytes.
final class GreatestLogits: Sendable {
  /// How many of a row there are.
  static let count = Int(SCU_BEST)
  /// Logits of which one stands for all, so that few are read twice.
  private static let run = 64
  private static let threads = 1024

  private let argument: scu_best
  private let runs: Int
  private let ofRuns: CUDAKernel
  private let find: CUDAKernel
  private let memory: DeviceMemory
  /// `scu_best_row[]`, which the device writes here itself: a copy would take as long again.
  private let host: PinnedBuffer

  /// Of up to `rows` rows of logits, as they lie on the device; nil where all are as few. Throws
  /// `.system` where memory does not suffice.
  init?(
    of logits: DeviceRows, rows: Int, _ library: KernelLibrary
  ) throws(SparrowError) {
    guard logits.width > Self.count else { return nil }
    func kernel(_ name: String) throws(SparrowError) -> CUDAKernel {
      try library.kernel(
        name, of: ["cut.cuh", "best.cu"],
        constants: [("SELECT_THREADS", Self.threads)])
    }
    runs = (logits.width + Self.run - 1) / Self.run
    let bytes = MemoryLayout<scu_best_row>.stride * rows
    memory = DeviceMemory(in: library.context)
    host = try PinnedBuffer(bytes, in: library.context)
    host.memory.initializeMemory(as: UInt8.self, repeating: 0)
    argument = scu_best(
      logits: logits.address, runs: try memory.bytes(4 * rows * runs),
      best: host.address, width: Int32(logits.width), pad: 0)
    (ofRuns, find) = (try kernel("best_of_runs"), try kernel("find_best"))
  }

  /// Queues the search of the first rows of logits. What it finds is there once the host has
  /// waited.
  func launch(rows: Int) throws(SparrowError) {
    try ofRuns.launch(.init(grid: (runs + 7) / 8, rows, block: 256, startsEarly: true), argument)
    try find.launch(.init(grid: rows, block: Self.threads, startsEarly: true), argument)
  }

  /// What was found in a row of logits, `row` of the step; nil where the host must look itself.
  func output(_ place: Int, row: Int) -> HeadOutput? {
    let start = MemoryLayout<scu_best_row>.stride * place
    guard host.memory.load(fromByteOffset: start, as: Int32.self) > 0 else { return nil }
    let found = UnsafeRawBufferPointer(host.memory)
    let (ids, logits) = (start + 4, start + 4 + 4 * Self.count)
    return HeadOutput(
      row: row,
      ids: UnsafeRawBufferPointer(rebasing: found[ids..<logits]).bindMemory(to: Int32.self),
      logits: UnsafeRawBufferPointer(rebasing: found[logits..<logits + 4 * Self.count])
        .bindMemory(to: Float.self),
      areGreatest: true)
  }
}
