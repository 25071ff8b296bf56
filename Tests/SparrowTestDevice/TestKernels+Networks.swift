import CSparrowCUDA

extension TestKernels {
  static let networks: [String: Kernel] = [
    "neuron_values": kernel { (a: scu_neurons, _) in neuronValues(a) },
    "neuron_values_floats": kernel { (a: scu_neurons, _) in neuronValues(a) },
    "neuron_sizes": kernel { (a: scu_sizes, grid) in
      for row in 0..<grid[1] {
        let constant = a.constants == 0 ? 0 : floats(a.constants)[row]
        func product(_ address: scu_address, _ index: Int, _ bias: Int) -> Float {
          floats(address, row * Int(a.stride))[index] + constant
            + (a.bias == 0 ? 0 : half(a.bias, bias + index))
        }
        for index in 0..<Int(a.width) {
          var y = activated(a.activation, product(a.gates, index, 0))
          if a.values != 0 { y *= product(a.values, index, Int(a.second)) }
          floats(a.scores, row * Int(a.scores_stride))[index] = abs(y)
          if a.estimates != 0 { floats(a.estimates, row * Int(a.estimates_stride))[index] = y }
        }
      }
    },
    "center_rows": kernel { (a: scu_center, grid) in
      for row in 0..<grid[0] {
        let x = floats(a.input, row * Int(a.input_width))
        let centered = floats(a.centered, row * Int(a.width))
        var dot: Float = 0
        for index in 0..<Int(a.width) {
          centered[index] = x[index] - floats(a.mean)[index]
          dot += x[index] * floats(a.mean_row)[index]
        }
        floats(a.mean_dots)[row] = dot
      }
    },
    "sketch_scores": kernel { (a: scu_sketch, grid) in
      for row in 0..<grid[1] {
        let scores = floats(a.scores, row * Int(a.blocks) * 64)
        for block in 0..<Int(a.blocks) {
          var best = -Float.infinity
          for index in block * 64..<block * 64 + 64 {
            let sum = a.codes == 0 ? scores[index] : looked(a, row, index)
            scores[index] = index < a.row_count ? sum + half(a.bias, index) : -.infinity
            best = max(best, scores[index])
          }
          if a.best != 0 { floats(a.best, row * Int(a.blocks))[block] = best }
        }
      }
    },
  ]

  private static func half(_ address: scu_address, _ index: Int) -> Float {
    Float(TestDriver.memory(address).assumingMemoryBound(to: Float16.self)[index])
  }

  static func dot(_ matrix: scu_matrix, _ row: Int, _ x: [Float]) -> Float {
    zip(weights(matrix, row), x).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Of the union's neurons, for the rows that chose them.
  private static func neuronValues(_ a: scu_neurons) {
    for row in 0..<Int(a.rows) {
      let x = UnsafeBufferPointer(
        start: floats(a.input, row * Int(a.input_width)), count: Int(a.up.columns))
      for neuron in members(a.chosen)
      where isMarked(a.chosen.marks, Int(a.chosen.width), row, neuron) {
        neuronValue(a, row, neuron, Array(x))
      }
    }
  }

  private static func neuronValue(_ a: scu_neurons, _ row: Int, _ neuron: Int, _ x: [Float]) {
    func product(_ matrix: scu_matrix, _ bias: scu_address) -> Float {
      dot(matrix, neuron, x) + (bias == 0 ? 0 : floats(bias)[neuron])
    }
    let start = row * Int(a.width)
    var y: Float
    if a.gates != 0 {
      y = floats(a.gates, start)[neuron] * product(a.up, a.up_bias)
    } else if a.gate.weights != 0 {
      y = activated(a.activation, product(a.gate, a.gate_bias)) * product(a.up, a.up_bias)
    } else {
      y = activated(a.activation, product(a.up, a.up_bias))
    }
    floats(a.values, start)[neuron] = y
    if a.estimates != 0 { floats(a.estimates, start)[neuron] = 0 }
  }

  /// What the codes of a sketch's row stand for.
  private static func looked(_ a: scu_sketch, _ row: Int, _ index: Int) -> Float {
    let x = floats(a.directions, row * Int(a.direction_count))
    let bounds = integers(a.bounds)
    let codes = TestDriver.memory(a.codes).assumingMemoryBound(to: UInt8.self)
    let pairs = (Int(a.groups) + 1) / 2
    var sum: Float = 0
    for group in 0..<Int(a.groups) {
      let byte = codes[(index / 64 * pairs + group / 2) * 64 + index % 64]
      let code = Int(group % 2 == 0 ? byte & 15 : byte >> 4)
      for direction in Int(bounds[group])..<Int(bounds[group + 1]) {
        sum += x[direction] * floats(a.centroids)[direction * 16 + code]
      }
    }
    return sum
  }
}
