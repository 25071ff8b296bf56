import CSparrowKernels

/// An instruction set by the name that the kernels know it by.
enum Instructions: String, CaseIterable, CustomStringConvertible {
  case scalar, avx2, avx512, neon

  var description: String { rawValue }

  /// Those that this processor runs.
  static let available = allCases.filter { isa in
    defer { sk_use_isa_here(nil) }
    return sk_use_isa_here(isa.rawValue) == 1
  }

  /// Runs `body` on this thread's kernels of this set.
  func use<Result>(_ body: () throws -> Result) rethrows -> Result {
    sk_use_isa_here(rawValue)
    defer { sk_use_isa_here(nil) }
    return try body()
  }
}

/// Repeatable random numbers.
struct Noise: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Uniform in -size...size.
  mutating func floats(_ count: Int, size: Float = 1) -> [Float] {
    (0..<count).map { _ in Float.random(in: -size...size, using: &self) }
  }
}

/// float16 bits, by the scalar kernel.
func halves(_ values: [Float]) -> [UInt16] {
  Instructions.scalar.use {
    [UInt16](unsafeUninitializedCapacity: values.count) { buffer, count in
      sk_to_f16(values, buffer.baseAddress, Int32(values.count))
      count = values.count
    }
  }
}

func floats(_ halves: [UInt16]) -> [Float] {
  Instructions.scalar.use {
    [Float](unsafeUninitializedCapacity: halves.count) { buffer, count in
      sk_from_f16(halves, buffer.baseAddress, Int32(halves.count))
      count = halves.count
    }
  }
}
