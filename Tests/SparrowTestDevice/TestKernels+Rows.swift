import CSparrowCUDA
import SparrowCore

extension TestKernels {
  static let rows: [String: Kernel] = [
    // Nothing is done with what it reads.
    "read_bulk": kernel { (_: scu_read, _) in },
    "embed_rows": kernel { (a: scu_embed, grid) in
      for index in 0..<grid[0] {
        let row = row(a.rows_of_step, index)
        let output = floats(a.output, index * Int(a.width))
        let entry = Int(a.by_position != 0 ? row.position + a.offset : row.token)
        for (column, x) in weights(a.table, entry).enumerated() {
          output[column] = a.by_position != 0 ? output[column] + x : x * a.scale
        }
      }
    },
    "norm_rows": kernel { (a: scu_norm, grid) in
      for index in 0..<grid[0] {
        let y = floats(a.output, index * Int(a.output_width))
        y.update(from: normed(a, index), count: Int(a.width))
        if a.prepared.high != 0 { prepare(a.prepared, index, y, Int(a.width)) }
      }
    },
    "prepare_input": kernel { (a: scu_prepare, grid) in
      for row in 0..<grid[0] {
        prepare(a.to, row, floats(a.input, row * Int(a.input_width)), Int(a.width))
      }
    },
    "add_rows": kernel { (a: scu_add, grid) in
      for row in 0..<grid[1] {
        for column in 0..<Int(a.width) {
          var x = floats(a.input, row * Int(a.input_width))[column] * a.scale
          if a.softcap != 0 { x = a.softcap * hyperbolicTangent(x / a.softcap) }
          let output = floats(a.output, row * Int(a.output_width)) + column
          output.pointee = a.adds != 0 ? output.pointee + x : x
        }
      }
    },
    "activate_rows": kernel { (a: scu_activate, grid) in
      for row in 0..<grid[0] {
        let x = floats(a.values, row * Int(a.values_width))
        for column in 0..<Int(a.width) {
          guard a.gates != 0 else {
            x[column] = activated(a.activation, x[column])
            continue
          }
          let gate = floats(a.gates, row * Int(a.gates_width))[column]
          x[column] = activated(a.activation, gate) * x[column]
        }
        if a.prepared.high != 0 { prepare(a.prepared, row, x, Int(a.width)) }
      }
    },
  ]

  /// A row, normed.
  static func normed(_ a: scu_norm, _ row: Int) -> [Float] {
    let x = floats(a.input, row * Int(a.input_width))
    let norm = Norm(x, Int(a.width), isRMS: a.is_rms != 0, a.epsilon)
    return (0..<Int(a.width)).map { column in
      let y = norm.value(
        x[column], weight: a.weight == 0 ? 1 : floats(a.weight)[column] + a.offset)
      return a.bias == 0 ? y : y + floats(a.bias)[column]
    }
  }

  /// What a norm makes of a row.
  struct Norm {
    let mean: Float
    let inverse: Float

    init(_ x: UnsafePointer<Float>, _ width: Int, isRMS: Bool, _ epsilon: Float) {
      let values = UnsafeBufferPointer(start: x, count: width)
      let mean = isRMS ? 0 : values.reduce(0, +) / Float(width)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(width)
      self.mean = mean
      inverse = 1 / (variance + epsilon).squareRoot()
    }

    func value(_ x: Float, weight: Float) -> Float { (x - mean) * inverse * weight }
  }

  static func hyperbolicTangent(_ x: Float) -> Float {
    Float(SparrowCore.hyperbolicTangent(Double(x)))
  }

  static func activated(_ activation: Int32, _ x: Float) -> Float {
    switch activation {
    case 0: max(x, 0)
    case 1: x > 0 ? x * x : 0
    case 2: x / (1 + Float(exponential(Double(-x))))
    case 3: 0.5 * x * (1 + Float(errorFunction(Double(x) * 0.5.squareRoot())))
    case 4: 0.5 * x * (1 + hyperbolicTangent(0.79788456 * (x + 0.044715 * x * x * x)))
    default: 1 / (1 + Float(exponential(Double(-x))))
    }
  }

  /// A row as the sum of two terms of two bytes.
  static func prepare(
    _ to: scu_prepared, _ row: Int, _ x: UnsafePointer<Float>, _ width: Int
  ) {
    var scale: Float = 1
    if to.is_half != 0 {
      let most = UnsafeBufferPointer(start: x, count: width).reduce(0) { max($0, abs($1)) }
      let exponent = most > 0 && most.isFinite ? Int(most.exponent) - 13 : 0
      scale = Float(sign: .plus, exponent: max(-100, min(100, exponent)), significand: 1)
    }
    floats(to.scales)[row] = scale
    let start = row * Int(to.stride)
    let high = TestDriver.memory(to.high).assumingMemoryBound(to: UInt16.self) + start
    let low = TestDriver.memory(to.low).assumingMemoryBound(to: UInt16.self) + start
    for column in 0..<Int(to.stride) {
      let value = column < width ? x[column] / scale : 0
      if to.is_half != 0 {
        let first = Float16(value)
        high[column] = first.bitPattern
        low[column] = Float16(value - Float(first)).bitPattern
      } else {
        high[column] = bfloat(value)
        low[column] = bfloat(value - bfloat(high[column]))
      }
    }
  }
}
