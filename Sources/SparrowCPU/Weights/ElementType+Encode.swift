internal import CSparrowKernels
package import SparrowCore

extension ElementType {
  /// The bytes of float32 values in this type, little-endian, rounded to the nearest.
  ///
  /// `.q8_0` takes the blocks of ggml: 32 values share the scale |largest| / 127 in float16; rows must be
  /// whole blocks. Throws `.mismatch` naming `tensor` where a value is, or becomes, no finite number.
  package func encode(_ values: [Float], tensor: String) throws(SparrowError) -> [UInt8] {
    let limit: Float =
      switch self {
      case .f16: 65519.996
      case .q8_0: 65519.996 * 127
      case .bf16: 0x1.FEFFFEp127
      default: .greatestFiniteMagnitude
      }
    if let bad = values.first(where: { !(abs($0) <= limit) }) {
      throw SparrowError(
        .mismatch, field: tensor, found: "the value \(bad)",
        expected: bad.isFinite ? "values that fit \(rawValue); bf16 or f32" : "finite weights")
    }
    switch self {
    case .f32: return values.withUnsafeBytes { Array($0) }
    case .f16:
      return Self.bytes(values.count, of: UInt16.self) { out, count in
        values.withUnsafeBufferPointer { values in
          for start in stride(from: 0, to: count, by: 1 << 20) {
            let part = Int32(min(1 << 20, count - start))
            sk_to_f16(values.baseAddress! + start, out + start, part)
          }
        }
      }
    case .bf16:
      return Self.bytes(values.count, of: UInt16.self) { out, count in
        for index in 0..<count {
          let bits = values[index].bitPattern
          out[index] = UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
        }
      }
    case .q8_0: return Self.blocks(values)
    default: preconditionFailure("weights are not written as \(self)")
    }
  }

  private static func bytes<T>(
    _ count: Int, of type: T.Type, _ fill: (UnsafeMutablePointer<T>, Int) -> Void
  ) -> [UInt8] {
    let size = count * MemoryLayout<T>.size
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      if let base = buffer.baseAddress {
        base.withMemoryRebound(to: type, capacity: count) { fill($0, count) }
      }
      initialized = size
    }
  }

  private static func blocks(_ values: [Float]) -> [UInt8] {
    precondition(values.count % 32 == 0, "rows of whole blocks")
    var out: [UInt8] = []
    out.reserveCapacity(values.count / 32 * 34)
    for start in stride(from: 0, to: values.count, by: 32) {
      let block = values[start..<start + 32]
      let largest = block.reduce(0) { max($0, abs($1)) }
      let scale = largest / 127
      let inverse = scale > 0 ? 1 / scale : 0
      var (from, half) = (scale, UInt16(0))
      sk_to_f16(&from, &half, 1)
      out.append(UInt8(truncatingIfNeeded: half))
      out.append(UInt8(truncatingIfNeeded: half >> 8))
      for value in block {
        let quant = (value * inverse).rounded(.toNearestOrAwayFromZero)
        out.append(UInt8(bitPattern: Int8(max(-127, min(127, quant)))))
      }
    }
    return out
  }
}
