internal import CSparrowKernels
import SparrowCore

/// What the matrices of a kernel read.
struct StepInput: BitwiseCopyable {
  let buffer: StepBuffer
  /// A norm made it: it is quantised already where a matrix wants that, and of a single row every
  /// worker has one of its own.
  let isPrivate: Bool

  /// The step's rows as this worker reads them.
  func rows(_ worker: Worker, _ step: StepState) -> InputRows {
    let own = step.rows == 1 ? worker.index : 0
    return InputRows(buffer, from: isPrivate ? own : 0, quantized: own)
  }

  /// The same, quantised where a matrix wants that: of a batch each worker quantises a share and
  /// waits for the others, a single row it quantises for itself, which costs less than a barrier.
  func rows(_ worker: Worker, _ step: StepState, quantized isWanted: Bool) -> InputRows {
    let rows = rows(worker, step)
    guard isWanted, !isPrivate else { return rows }
    if step.rows == 1 {
      rows.quantize(0)
    } else {
      for row in worker.share(of: step.rows) { rows.quantize(row) }
      worker.barrier()
    }
    return rows
  }
}

/// Adjacent rows of a buffer as one worker reads them: as values, and quantised.
struct InputRows: BitwiseCopyable {
  private let buffer: StepBuffer
  private let first: Int
  private let firstQuantized: Int

  /// The rows of `buffer` from these on.
  init(_ buffer: StepBuffer, from first: Int, quantized: Int) {
    self.buffer = buffer
    self.first = first
    firstQuantized = quantized
  }

  /// A row's values.
  subscript(row: Int) -> UnsafeMutablePointer<Float> { buffer.row(first + row) }

  func quantize(_ row: Int) {
    buffer.quantized!.quantize(self[row], buffer.width, into: firstQuantized + row)
  }

  /// A row in the form that a matrix reads.
  func source(_ row: Int = 0, for matrix: UnsafePointer<sk_matrix>) -> UnsafeRawPointer {
    sk_wants_quantized(matrix) != 0
      ? buffer.quantized![firstQuantized + row] : UnsafeRawPointer(self[row])
  }

  /// Bytes from a row in that form to the next.
  func stride(for matrix: UnsafePointer<sk_matrix>) -> Int {
    sk_wants_quantized(matrix) != 0 ? buffer.quantized!.stride : 4 * buffer.width
  }
}
