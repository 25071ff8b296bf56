package import SparrowCore
package import SparrowFormats

extension Checkpoint {
  /// A float tensor's elements as float32. Throws `.unsupported` for quantised and integer tensors.
  package func floats(_ entry: TensorEntry) throws(SparrowError) -> [Float] {
    let raw = bytes(of: entry)
    let count = entry.elementCount
    switch entry.type {
    case .f64:
      return (0..<count).map {
        Float(raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self))
      }
    case .f32:
      return (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    case .f16:
      return (0..<count).map {
        halfToFloat(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
      }
    case .bf16:
      return (0..<count).map {
        let bits = raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
        return Float(bitPattern: UInt32(bits) << 16)
      }
    default:
      throw SparrowError(
        .unsupported, file: path, field: entry.name, found: entry.type.rawValue,
        expected: "f64, f32, f16 or bf16")
    }
  }
}

/// IEEE half precision to single. `Float16` is missing on some systems that Swift runs on.
func halfToFloat(_ half: UInt16) -> Float {
  let sign = UInt32(half >> 15) << 31
  let exponent = UInt32(half >> 10) & 31
  let mantissa = UInt32(half) & 1023
  switch exponent {
  case 0:
    let magnitude = Float(mantissa) * 0x1p-24
    return Float(bitPattern: magnitude.bitPattern | sign)
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | mantissa << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
  }
}
