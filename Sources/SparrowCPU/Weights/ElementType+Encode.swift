internal import CSparrowKernels
package import SparrowCore
import SparrowEngine

extension ElementType {
  /// The bytes of float32 values in this type, little-endian, rounded to the nearest.
  ///
  /// Block types take the blocks of ggml's reference quantisers; rows must be whole blocks, and
  /// types but Q4_0 to Q8_0 have none. Throws `.mismatch` naming `tensor` where a value is, or
  /// becomes, no finite number.
  package func encode(_ values: [Float], tensor: String) throws(SparrowError) -> [UInt8] {
    guard let type = kernelType, let size = byteCount(elements: values.count) else {
      preconditionFailure("weights are not written as \(self)")
    }
    var fits = true
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { out, initialized in
      values.withUnsafeBufferPointer { values in
        // Whole blocks, and few enough for the kernel's count.
        for start in stride(from: 0, to: values.count, by: 1 << 20) {
          let part = min(1 << 20, values.count - start)
          let target = out.baseAddress! + start / blockElements * blockBytes
          if sk_encode_row(type, values.baseAddress! + start, Int32(part), target) == 0 {
            fits = false
          }
        }
      }
      initialized = size
    }
    guard fits else {
      let bad = values.first { !$0.isFinite } ?? values.max { abs($0) < abs($1) } ?? 0
      throw SparrowError(
        .mismatch, field: tensor, found: "the value \(bad)",
        expected: bad.isFinite ? "values that fit \(rawValue); bf16 or f32" : "finite weights")
    }
    return bytes
  }
}
