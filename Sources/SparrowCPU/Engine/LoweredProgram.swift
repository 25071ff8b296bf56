import SparrowEngine

/// A lowered program as steps run it: operations at fixed addresses.
final class LoweredProgram {
  /// Up to the head's input, and where a profile counts each.
  let operations: UnsafeMutableBufferPointer<LoweredOperation>
  let parts: [StepProfile.Part]
  /// From the head's input to logits.
  let head: UnsafeMutableBufferPointer<LoweredOperation>
  /// What a dense step after sparse ones runs before its own operations.
  let catchUps: UnsafeMutableBufferPointer<CatchUpKernel>
  let headInput: StepBuffer
  /// Keeps what the operations point to.
  private let lowering: Lowering

  init(_ lowering: Lowering, headInput: StepBuffer) {
    self.lowering = lowering
    self.headInput = headInput
    parts = lowering.profileParts
    operations = Self.copy(lowering.operations)
    head = Self.copy(lowering.headOperations)
    catchUps = Self.copy(lowering.catchUps)
  }

  deinit {
    operations.deallocate()
    head.deallocate()
    catchUps.deallocate()
  }

  private static func copy<T>(_ values: [T]) -> UnsafeMutableBufferPointer<T> {
    let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: values.count)
    _ = memory.initialize(from: values)
    return memory
  }
}
