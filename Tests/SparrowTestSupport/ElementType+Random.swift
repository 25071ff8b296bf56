public import SparrowBlocks
public import SparrowCore

extension ElementType {
  /// The types that weights may have in GGUF files and the kernels pack.
  public static let weightTypes: [ElementType] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q4_K, .q5_K, .q6_K, .q2_K, .q3_K,
    .iq4_nl, .iq4_xs, .mxfp4, .q8_K, .tq1_0, .tq2_0, .f64,
  ]

  /// Random weights of about -0.2...0.2 (offset where the type has minimums).
  public func randomBytes(elements: Int, _ random: inout SeededRandom) -> [UInt8] {
    switch self {
    case .f32: return raw((0..<elements).map { _ in random.uniform() * 0.4 - 0.2 })
    case .f64: return raw((0..<elements).map { _ in Double(random.uniform() * 0.4 - 0.2) })
    case .f16: return raw((0..<elements).map { _ in Float16(random.uniform() * 0.4 - 0.2) })
    case .bf16:
      return raw(
        (0..<elements).map { _ in
          UInt16((random.uniform() * 0.4 - 0.2).bitPattern >> 16)
        })
    default: break
    }
    let blocks = elements / blockElements
    var bytes = raw((0..<blocks * blockBytes / 8 + 1).map { _ in random.next() })
    bytes.removeLast(bytes.count - blocks * blockBytes)
    for start in stride(from: 0, to: bytes.count, by: blockBytes) {
      // A power of two, of which numbers of up to 6 are multiples; a float32 scale.
      if self == .mxfp4 { bytes[start] = 121 + bytes[start] % 2 }
      if self == .q8_K {
        bytes.replaceSubrange(start..<start + 4, with: raw([(random.uniform() - 0.5) * 0.4 / 127]))
      }
      for (offset, size) in halves {
        let bits = Float16((random.uniform() * 0.4 - 0.2) * size).bitPattern
        bytes[start + offset] = UInt8(bits & 255)
        bytes[start + offset + 1] = UInt8(bits >> 8)
      }
    }
    return bytes
  }

  private func raw<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// Where a block's float16 numbers lie, and how large they are for weights of about 1.
  private var halves: [(offset: Int, size: Float)] {
    switch self {
    case .q4_0: [(0, 1 / 8)]
    case .q4_1: [(0, 1 / 8), (2, 1)]
    case .q5_0: [(0, 1 / 16)]
    case .q5_1: [(0, 1 / 16), (2, 1)]
    case .q8_0: [(0, 1 / 127)]
    case .q4_K: [(0, 1 / 256), (2, 1 / 64)]
    case .q5_K: [(0, 1 / 512), (2, 1 / 64)]
    case .q2_K: [(80, 1 / 32), (82, 1 / 16)]
    case .q3_K: [(108, 1 / 96)]
    case .iq4_nl: [(0, 1 / 127)]
    case .iq4_xs: [(0, 1 / 2048)]
    case .tq1_0: [(52, 1)]
    case .tq2_0: [(64, 1)]
    case .mxfp4, .q8_K: []
    default: [(208, 1 / 1024)]
    }
  }
}
