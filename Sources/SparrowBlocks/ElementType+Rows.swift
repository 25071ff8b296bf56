import CSparrowBlocks
package import SparrowCore

extension ElementType {
  /// Elements that the C functions take at a time: whole blocks, and few enough for their counts.
  private static let part = 1 << 20

  /// Expands `count` weights, whole blocks, to float32, as the decoding kernels read them.
  ///
  /// Traps for types that hold no weights.
  package func expand(
    _ bytes: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    guard holdsWeights, let ggml else { preconditionFailure("\(self) holds no weights") }
    for start in stride(from: 0, to: count, by: Self.part) {
      sb_expand_row(
        ggml, bytes + start / blockElements * blockBytes, Int32(min(Self.part, count - start)),
        target + start)
    }
  }

  /// Encodes `count` float32 values, whole blocks, rounded to the nearest; false where one is, or
  /// becomes, no finite number, or where the type has no quantiser.
  ///
  /// Block types take the blocks of ggml's reference quantisers; those but Q4_0 to Q8_0 have none.
  package func encode(
    _ values: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer
  ) -> Bool {
    guard let ggml else { return false }
    var fits = true
    for start in stride(from: 0, to: count, by: Self.part) {
      let encoded = sb_encode_row(
        ggml, values + start, Int32(min(Self.part, count - start)),
        target + start / blockElements * blockBytes)
      fits = fits && encoded != 0
    }
    return fits
  }

  /// The bytes of float32 values in this type, little-endian; rows must be whole blocks.
  ///
  /// Throws `.mismatch` naming `tensor` where a value is, or becomes, no finite number.
  package func encode(_ values: [Float], tensor: String) throws(SparrowError) -> [UInt8] {
    guard let size = byteCount(elements: values.count) else {
      preconditionFailure("weights are not written as \(self)")
    }
    var fits = true
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { out, initialized in
      if let start = out.baseAddress {
        fits = encode(values, count: values.count, into: start)
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
