import CSparrowCUDA

extension TestKernels {
  static let products: [String: Kernel] = [
    "multiply": kernel { (a: scu_multiply, _) in multiply(a) },
    "multiply_many": kernel { (a: scu_multiply, _) in multiply(a) },
    "multiply_staged": kernel { (a: scu_staged, _) in multiplyStaged(a) },
    "multiply_floats": kernel { (a: scu_multiply, _) in
      let width = Int(a.input_width)
      multiply(a) { row in
        Array(UnsafeBufferPointer(start: floats(a.input, row * width), count: width))
      }
    },
  ]

  /// With a row that the launch makes itself.
  static func multiplyStaged(_ a: scu_staged) {
    let width = Int(a.norm.width)
    let x = floats(a.norm.input)
    var row = Array(UnsafeBufferPointer(start: x, count: width))
    if a.makes == 1 {
      row = normed(a.norm, 0)
      floats(a.norm.output).update(from: row, count: width)
    } else if a.makes == 2 {
      for column in row.indices {
        row[column] =
          a.gates == 0
          ? activated(a.activation, x[column])
          : activated(a.activation, floats(a.gates)[column]) * x[column]
      }
    }
    // In memory of the launch's own.
    let stride = Int(a.multiply.x.stride)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * stride + 4, alignment: 16)
    defer { memory.deallocate() }
    let start = scu_address(UInt(bitPattern: memory))
    var own = a.multiply
    (own.x.high, own.x.low) = (start, start + UInt64(2 * stride))
    own.x.scales = start + UInt64(4 * stride)
    prepare(own.x, 0, row, width)
    multiply(own)
  }

  /// Of prepared rows.
  private static func multiply(_ a: scu_multiply) {
    let stride = Int(a.x.stride)
    let high = TestDriver.memory(a.x.high).assumingMemoryBound(to: UInt16.self)
    let low = TestDriver.memory(a.x.low).assumingMemoryBound(to: UInt16.self)
    func number(_ bits: UInt16) -> Float {
      a.x.is_half != 0 ? Float(Float16(bitPattern: bits)) : bfloat(bits)
    }
    multiply(a) { row in
      (0..<stride).map { column in
        let index = row * stride + column
        return (number(high[index]) + number(low[index])) * floats(a.x.scales)[row]
      }
    }
  }

  private static func multiply(_ a: scu_multiply, _ input: (Int) -> [Float]) {
    let products = withUnsafeBytes(of: a.products) {
      Array($0.bindMemory(to: scu_product.self).prefix(Int(a.count)))
    }
    let inputs = (0..<Int(a.rows)).map(input)
    for product in products {
      for index in 0..<Int(product.matrix.rows) {
        let weights = weights(product.matrix, index)
        for (row, x) in inputs.enumerated() {
          let output = floats(product.output, row * Int(product.width))
          var sum: Float = 0
          for column in 0..<Int(product.matrix.columns) { sum += weights[column] * x[column] }
          if product.bias != 0 { sum += floats(product.bias)[index] }
          output[index] = a.adds != 0 ? output[index] + sum : sum
        }
      }
    }
  }
}
