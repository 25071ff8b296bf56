import SparrowCore

/// Copies to the device in pieces, through two buffers of pinned memory: one is filled while the
/// other is copied, so that the host needs no room for the whole.
final class DeviceUpload {
  /// One half of the way.
  private struct Half {
    let buffer: PinnedBuffer
    let isCopied: CUDAEvent
  }

  /// Bytes of a piece, at most.
  let pieceBytes: Int
  private let context: CUDAContext
  private let halves: [Half]
  private var next = 0

  /// Throws what the driver's calls throw.
  init(pieceBytes: Int, in context: CUDAContext) throws(SparrowError) {
    self.pieceBytes = pieceBytes
    self.context = context
    var halves: [Half] = []
    for _ in 0..<2 {
      halves.append(
        Half(
          buffer: try PinnedBuffer(pieceBytes, in: context),
          isCopied: try CUDAEvent(in: context)))
    }
    self.halves = halves
  }

  /// What is under way where sending failed still reads the buffers.
  deinit { try? context.synchronize() }

  /// Lets `fill` write a piece and queues its copy to `offset` bytes from the start of `target`.
  func send(
    _ byteCount: Int, to target: DeviceBuffer, at offset: Int,
    fill: (UnsafeMutableRawPointer) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    precondition(byteCount <= pieceBytes, "more than a piece")
    let half = halves[next]
    next = 1 - next
    try half.isCopied.wait()
    let piece = UnsafeMutableRawBufferPointer(rebasing: half.buffer.memory[..<byteCount])
    guard let memory = piece.baseAddress else { return }
    try fill(memory)
    try target.write(UnsafeRawBufferPointer(piece), at: offset)
    try half.isCopied.record()
  }
}
