public import SparrowCore

extension ElementType {
  /// The types that weights may have in GGUF files and the kernels pack.
  public static let weightTypes: [ElementType] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q4_K, .q5_K, .q6_K,
  ]

  /// GGUF's number of a weight type.
  var number: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q5_0: 6
    case .q5_1: 7
    case .q8_0: 8
    case .q4_K: 12
    case .q5_K: 13
    case .q6_K: 14
    case .bf16: 30
    default: preconditionFailure("no weights of type \(self)")
    }
  }

  /// Random weights of about -0.2...0.2 (offset where the type has minimums).
  public func randomBytes(elements: Int, _ random: inout SeededRandom) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements / blockElements * blockBytes)
    for _ in 0..<elements / blockElements {
      let value = (random.uniform() - 0.5) * 0.4
      switch self {
      case .f32: bytes += little(value.bitPattern)
      case .f16: bytes += little(Float16(value).bitPattern)
      case .bf16: bytes += little(UInt16(value.bitPattern >> 16))
      default:
        var block: [UInt8] = []
        while block.count < blockBytes { block += little(random.next()) }
        block.removeLast(block.count - blockBytes)
        for (offset, size) in halves {
          block.replaceSubrange(
            offset..<offset + 2, with: little(Float16(value * size).bitPattern))
        }
        bytes += block
      }
    }
    return bytes
  }

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
    default: [(208, 1 / 1024)]
    }
  }
}
