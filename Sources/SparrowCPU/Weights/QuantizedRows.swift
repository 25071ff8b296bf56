internal import CSparrowKernels

/// Memory for inputs in the 8 bits in which block formats read them, on cache lines of their own.
struct QuantizedRows: BitwiseCopyable {
  private let base: UnsafeMutableRawPointer
  /// Bytes from one row to the next.
  let stride: Int

  /// Room for `count` inputs of `width` elements.
  init(_ count: Int, width: Int, memory: Scratch) {
    stride = CacheLine.apart(Self.bytes(width))
    base = memory.bytes(count * stride)
  }

  /// Bytes that an input of `width` elements takes.
  static func bytes(_ width: Int) -> Int { sk_quantized_bytes(Int32(width)) }

  subscript(row: Int) -> UnsafeRawPointer { UnsafeRawPointer(base + row * stride) }

  /// Quantises `x`, `[width]`, into a row, and gives that.
  @discardableResult
  func quantize(_ x: UnsafePointer<Float>, _ width: Int, into row: Int) -> UnsafeRawPointer {
    sk_quantize(x, Int32(width), base + row * stride)
    return self[row]
  }
}
