import CSparrowKernels
import Testing

/// A random feed-forward network, packed, with one input.
private final class PackedNetwork {
  let gate: PackedMatrix?
  let up: PackedMatrix
  let down: PackedMatrix
  let biases: [[Float]]
  private let columns: ColumnMatrix

  /// K-quants lie in blocks of 256.
  init(_ types: (gate: sb_type?, up: sb_type, down: sb_type), width: Int, group: Int = 1) {
    let isWide = [types.gate, types.up, types.down].contains { $0?.block.weights == 256 }
    let (hidden, width) = isWide ? (256, 256) : (96, width)
    // A row more makes other weights.
    gate = types.gate.map { PackedMatrix($0, rows: width + 1, columns: hidden) }
    up = PackedMatrix(types.up, rows: width, columns: hidden)
    down = PackedMatrix(types.down, rows: hidden, columns: width)
    columns = ColumnMatrix(down, group: group)
    var noise = Noise(7)
    biases = (0..<2).map { _ in noise.floats(width) }
  }

  var width: Int { up.rows }
  var hidden: Int { down.rows }

  /// What the kernel adds to `start` for the neurons `range` of the list, and how many columns it
  /// read.
  func add(
    _ neurons: [Int32], _ range: Range<Int>, to start: [Float], activation: sk_activation,
    least: Float, hasBiases: Bool, _ x: (gate: Inputs?, up: Inputs)
  ) -> (y: [Float], touched: Int) {
    var (upMatrix, gateMatrix) = (up.matrix, gate?.matrix ?? up.matrix)
    var y = start + [Float](repeating: 0, count: columns.paddedRows - start.count)
    let touched = withUnsafePointer(to: &gateMatrix) { gate in
      withUnsafePointer(to: &upMatrix) { up in
        withUnsafePointer(to: &columns.columns) { down in
          biases[0].withUnsafeBufferPointer { gateBias in
            biases[1].withUnsafeBufferPointer { upBias in
              var network = sk_network(
                gate: self.gate == nil ? nil : gate, up: up, down: down,
                gate_bias: hasBiases ? gateBias.baseAddress : nil,
                up_bias: hasBiases ? upBias.baseAddress : nil, activation: activation,
                least: least)
              return sk_network_acc(
                &network, x.gate?.pointer(0), x.up.pointer(0), neurons,
                Int32(range.lowerBound), Int32(range.upperBound), &y)
            }
          }
        }
      }
    }
    return (Array(y[..<start.count]), Int(touched))
  }
}

/// A number in double precision with a bound of what float32 sums may miss.
private struct Bounded {
  var value: Double
  var error: Double
}

@Suite struct NetworkTests {
  struct Case: CustomTestStringConvertible {
    let gate: sb_type?
    let up: sb_type
    let down: sb_type
    var activation = 2
    var width = 160
    var testDescription: String {
      "\(gate?.name ?? "no gate") \(up.name) \(down.name) \(activation), \(width) neurons"
    }

    /// Every format with and without a gate, every activation, formats mixed, and more neurons than
    /// gates of which are computed before all else.
    static let all =
      sb_type.names.flatMap { type, _ in
        [Case(gate: type, up: type, down: type), Case(gate: nil, up: type, down: type)]
      }
      + VectorTests.activations.indices.flatMap {
        [
          Case(gate: SB_Q8_0, up: SB_Q8_0, down: SB_Q8_0, activation: $0),
          Case(gate: nil, up: SB_F16, down: SB_F16, activation: $0),
        ]
      } + [
        Case(gate: SB_F16, up: SB_Q4_K, down: SB_Q6_K),
        Case(gate: SB_Q4_1, up: SB_F32, down: SB_Q5_0),
        Case(gate: SB_Q4_0, up: SB_Q4_0, down: SB_Q4_0, activation: 0, width: 1216),
      ]
  }

  private static func product(
    _ w: PackedMatrix, _ x: Inputs, row: Int, bias: Float
  ) -> Bounded {
    var sum = Double(bias)
    var size = abs(sum)
    let (weights, values) = (w.weights[row], x.values[0])
    let minimum = w.matrix.minimums == 1 ? 0.3 : 0
    for column in 0..<weights.count {
      let weight = Double(weights[column])
      sum += weight * values[column]
      size += (abs(weight) + minimum) * abs(values[column])
    }
    return Bounded(value: sum, error: 3e-6 * size)
  }

  /// The activations of these neurons. Slopes of activations are at most 1.2, of the squared one
  /// 2|x|.
  private static func activations(
    _ neurons: [Int32], _ network: PackedNetwork, _ example: Case, hasBiases: Bool,
    _ x: (gate: Inputs?, up: Inputs)
  ) -> [Bounded] {
    let (kind, exact) = VectorTests.activations[example.activation]
    return neurons.map { neuron in
      let neuron = Int(neuron)
      func bias(_ index: Int) -> Float { hasBiases ? network.biases[index][neuron] : 0 }
      let up = product(network.up, x.up, row: neuron, bias: bias(1))
      let gate = network.gate.map { product($0, x.gate!, row: neuron, bias: bias(0)) }
      let input = gate ?? up
      let size = abs(input.value)
      let slope = kind == SK_RELU_SQUARED ? 2 * (size + input.error) : 1.2
      let rounding = 1e-6 * max(size, kind == SK_RELU_SQUARED ? size * size : 0)
      let active = Bounded(
        value: exact(input.value), error: slope * input.error + rounding)
      guard gate != nil else { return active }
      return Bounded(
        value: active.value * up.value,
        error: active.error * (abs(up.value) + up.error) + abs(active.value) * up.error)
    }
  }

  /// Every instruction set and format against the definition in double precision, over lists of any
  /// length and parts of them.
  @Test(arguments: Case.all)
  func addsWhatTheNeuronsMake(_ example: Case) {
    let network = PackedNetwork(
      (example.gate, example.up, example.down), width: example.width)
    let x = (
      gate: network.gate.map { Inputs(for: $0.matrix, tokens: 1) },
      up: Inputs(for: network.up.matrix, tokens: 1)
    )
    for (density, hasBiases) in [(0.0, false), (0.1, true), (0.5, false)] {
      var noise = Noise(Int(density * 10) + 3)
      let chosen = (0..<Int32(network.width)).filter { _ in
        Double.random(in: 0..<1, using: &noise) < density
      }
      let exact = Self.activations(chosen, network, example, hasBiases: hasBiases, x)
      let sizes = exact.map { abs($0.value) }.sorted()
      let middle = sizes.isEmpty ? 1 : Float(sizes[sizes.count / 2])
      for (range, least) in [
        (0..<chosen.count, Float(0)), (chosen.count / 3..<chosen.count, middle),
        (chosen.count..<chosen.count, 0),
      ] {
        let start = noise.floats(network.hidden)
        let reference = Reference(
          network, range.map { (chosen[$0], exact[$0]) }, start, least: Double(least))
        for isa in Instructions.available {
          let found = isa.use {
            network.add(
              chosen, range, to: start, activation: VectorTests.activations[example.activation].0,
              least: least, hasBiases: hasBiases, x)
          }
          #expect(reference.touched.contains(found.touched), "\(isa)")
          for (row, value) in found.y.enumerated() {
            let exact = reference.y[row]
            #expect(abs(Double(value) - exact.value) <= exact.error, "\(isa), row \(row)")
          }
        }
      }
    }
  }

  /// Groups add what their neurons do one by one, but for the rounding of activations to eight
  /// bits; and the same bits in parts.
  @Test(arguments: [
    Case(gate: SB_Q8_0, up: SB_Q8_0, down: SB_Q8_0),
    Case(gate: SB_Q5_0, up: SB_Q5_0, down: SB_Q6_K),
    Case(gate: SB_Q4_K, up: SB_Q4_K, down: SB_Q4_K), Case(gate: nil, up: SB_Q4_1, down: SB_Q4_1),
    Case(gate: SB_F16, up: SB_F16, down: SB_Q4_0, activation: 3, width: 1216),
  ])
  func groupsAddWhatTheirNeuronsMake(_ example: Case) {
    let types = (example.gate, example.up, example.down)
    let single = PackedNetwork(types, width: example.width)
    let grouped = PackedNetwork(types, width: example.width, group: 32)
    let size = example.down == SB_Q6_K ? 16 : 32
    let x = (
      gate: single.gate.map { Inputs(for: $0.matrix, tokens: 1) },
      up: Inputs(for: single.up.matrix, tokens: 1)
    )
    var noise = Noise(5)
    let chosen = stride(from: 0, to: Int32(single.width), by: size)
      .filter { _ in Bool.random(using: &noise) }
      .flatMap { $0..<$0 + Int32(size) }
    let all = 0..<chosen.count
    let cut = all.count / 2 / size * size
    let start = noise.floats(single.hidden)
    let active = Self.activations(chosen, single, example, hasBiases: true, x)
    func add(_ network: PackedNetwork, _ range: Range<Int>, to start: [Float]) -> [Float] {
      network.add(
        chosen, range, to: start, activation: VectorTests.activations[example.activation].0,
        least: 0, hasBiases: true, x
      ).y
    }
    for isa in Instructions.available {
      let (one, found, parts) = isa.use {
        (
          add(single, all, to: start), add(grouped, all, to: start),
          add(grouped, cut..<all.count, to: add(grouped, 0..<cut, to: start))
        )
      }
      #expect(found == parts, "\(isa)")
      for row in 0..<single.hidden {
        var bound = 1e-5 * Double(abs(one[row]) + 1)
        for first in stride(from: 0, to: all.count, by: size) {
          let most = active[first..<first + size].map { abs($0.value) + $0.error }.max()!
          for neuron in chosen[first..<first + size] {
            bound += most / 250 * (Double(abs(single.down.weights[row][Int(neuron)])) + 1e-3)
          }
        }
        #expect(Double(abs(found[row] - one[row])) <= bound, "\(isa), row \(row)")
      }
    }
  }

  /// What some neurons add to `start`, and how many of them read their column.
  private struct Reference {
    var y: [Bounded] = []
    let touched: ClosedRange<Int>

    init(
      _ network: PackedNetwork, _ neurons: [(index: Int32, active: Bounded)], _ start: [Float],
      least: Double
    ) {
      // What lies nearer to the least than its error may be read or not.
      let sure = neurons.count { abs($0.active.value) - $0.active.error > least }
      let possible = neurons.count { abs($0.active.value) + $0.active.error > least }
      touched = sure...possible
      for row in 0..<network.hidden {
        let weights = network.down.weights[row]
        var sum = Bounded(value: Double(start[row]), error: 2e-6 * abs(Double(start[row])))
        for (index, active) in neurons {
          let weight = Double(weights[Int(index)])
          let size = abs(active.value)
          let isUnsure = abs(size - least) <= active.error
          if size > least { sum.value += weight * active.value }
          sum.error += abs(weight) * (isUnsure ? size + active.error : active.error)
          sum.error += 2e-6 * (abs(weight) + 0.6) * size
        }
        y.append(sum)
      }
    }
  }

  /// An activation that is not a number reads its column, as in the dense network.
  @Test(arguments: Instructions.available, [SB_F16, SB_Q4_0])
  func passesOnNaN(_ isa: Instructions, _ type: sb_type) {
    let network = PackedNetwork((type, type, type), width: 160)
    isa.use {
      let columns = Int(network.up.matrix.columns)
      var values = [Float](repeating: 1, count: columns)
      values[columns / 2] = .nan
      let x = Inputs(for: network.up.matrix, values: values)
      let neurons: [Int32] = [3, 4, 90, 91, 92]
      let found = network.add(
        neurons, 0..<5, to: [Float](repeating: 0, count: network.hidden), activation: SK_SILU,
        least: 1e9, hasBiases: false, (x, x))
      #expect(found.touched == 5)
      #expect(found.y.allSatisfy { $0.isNaN })
    }
  }
}
