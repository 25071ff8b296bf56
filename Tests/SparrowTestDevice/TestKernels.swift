import CSparrowCUDA

/// The kernels in plain loops, each as its source describes it.
enum TestKernels {
  /// Takes its argument when it is queued, and gives the work.
  typealias Kernel = @Sendable (_ argument: UnsafeRawPointer, _ grid: [Int]) -> () -> Void

  /// By name; another file of kernels adds its own.
  static let all = [rows, products, attention, selection, networks, search, heads, best]
    .reduce(into: [:]) { $0.merge($1) { _, new in new } }

  static func kernel<Argument: BitwiseCopyable>(
    _ run: @escaping @Sendable (Argument, _ grid: [Int]) -> Void
  ) -> Kernel {
    { argument, grid in
      let own = argument.loadUnaligned(as: Argument.self)
      return { run(own, grid) }
    }
  }

  static func floats(_ address: scu_address, _ offset: Int = 0) -> UnsafeMutablePointer<Float> {
    TestDriver.memory(address).assumingMemoryBound(to: Float.self) + offset
  }

  static func row(_ rows: scu_address, _ index: Int) -> scu_row {
    TestDriver.memory(rows).assumingMemoryBound(to: scu_row.self)[index]
  }

  /// A row of a matrix.
  static func weights(_ matrix: scu_matrix, _ row: Int) -> [Float] {
    var matrix = matrix
    let own = TestDriver.memory(matrix.weights) + row * Int(scu_row_bytes(&matrix))
    return [Float](unsafeUninitializedCapacity: Int(matrix.columns)) { buffer, count in
      scu_unpack_row(&matrix, own, buffer.baseAddress)
      count = Int(matrix.columns)
    }
  }

  static func bfloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The nearest one, of ties the even one.
  static func bfloat(_ x: Float) -> UInt16 {
    let bits = x.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }
}
