public import SparrowBlocks
import SparrowCore

/// Where one tensor lies in a checkpoint.
public struct TensorEntry: Sendable, Equatable {
  public let name: String
  public let type: ElementType
  /// Row-major, slowest dimension first (the reverse of GGUF's order); empty for a scalar.
  public let shape: [Int]
  /// Index of the checkpoint's file that holds the tensor.
  public let file: Int
  /// Absolute in that file, in bytes.
  public let offset: Int
  public let byteCount: Int

  /// The product of the shape; the reader has checked that it does not overflow.
  public var elementCount: Int { shape.reduce(1, *) }

  package init(
    name: String, type: ElementType, shape: [Int], file: Int, offset: Int, byteCount: Int
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
  }
}
