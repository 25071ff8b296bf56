internal import SparrowCore
internal import SparrowFormats
internal import SparrowNumerics

/// Makes tensors of records' parts.
final class RecordWriter: RecordVisitor {
  var file = SafetensorsWriter()

  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    try file.add(name: name, type: type, shape: shape, bytes: Array(memory))
  }
}

/// Takes records' parts from tensors, or only checks that they are there.
struct RecordReader: RecordVisitor {
  private let checkpoint: Checkpoint
  private let copies: Bool

  init(_ checkpoint: Checkpoint, copies: Bool) {
    self.checkpoint = checkpoint
    self.copies = copies
  }

  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    guard let entry = checkpoint[name], entry.type == type, entry.shape == shape else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, field: name, found: "no such tensor",
        expected: "\(type.rawValue) of shape \(shape)")
    }
    guard copies else { return }
    withExtendedLifetime(checkpoint) { memory.copyMemory(from: checkpoint.bytes(of: entry)) }
  }
}

/// Gives the parts of one record names of their own.
struct PrefixedVisitor<Inner: RecordVisitor>: RecordVisitor {
  let inner: Inner
  let prefix: String

  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    try inner.visit(prefix + name, type, shape: shape, memory)
  }
}
