internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats
internal import SparrowNumerics

/// Announces tensors of records' parts.
final class RecordWriter: RecordVisitor {
  var file = SafetensorsWriter()

  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    try file.announce(name: name, type: type, shape: shape)
  }
}

/// Copies one of the records' parts: all of them at once would double their memory.
final class RecordPicker: RecordVisitor {
  private let wanted: String
  private(set) var bytes: [UInt8] = []

  init(_ wanted: String) { self.wanted = wanted }

  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    if name == wanted { bytes = Array(memory) }
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
