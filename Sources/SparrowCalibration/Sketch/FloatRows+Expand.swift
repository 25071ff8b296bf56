internal import SparrowBlocks
internal import SparrowNumerics

extension FloatRows {
  /// Expands as many rows of `type`, one after the other in `bytes`, as the decoding kernels read
  /// them.
  func expand(_ range: Range<Int>, from bytes: UnsafeRawPointer, _ type: ElementType) {
    type.expand(bytes, count: range.count * columns, into: self[range.lowerBound])
  }
}
