import CSparrowCUDA

extension TestKernels {
  static let products: [String: Kernel] = [
    "multiply": kernel { (a: scu_multiply, _) in
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
    },
    "multiply_floats": kernel { (a: scu_multiply, _) in
      let width = Int(a.input_width)
      multiply(a) { row in
        Array(UnsafeBufferPointer(start: floats(a.input, row * width), count: width))
      }
    },
  ]

  private static func multiply(_ a: scu_multiply, _ input: (Int) -> [Float]) {
    let products = withUnsafeBytes(of: a.products) {
      Array($0.bindMemory(to: scu_product.self).prefix(Int(a.count)))
    }
    for row in 0..<Int(a.rows) {
      let x = input(row)
      for product in products {
        let output = floats(product.output, row * Int(product.width))
        for index in 0..<Int(product.matrix.rows) {
          var sum: Float = 0
          for column in 0..<Int(product.matrix.columns) {
            sum += weight(product.matrix, index, column) * x[column]
          }
          if product.bias != 0 { sum += floats(product.bias)[index] }
          output[index] = a.adds != 0 ? output[index] + sum : sum
        }
      }
    }
  }
}
