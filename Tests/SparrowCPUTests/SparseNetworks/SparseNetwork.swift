import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// An engine over a `NetworkModel`, and what it must compute, in double precision over its own
/// weights.
final class SparseNetwork {
  let engine: CPUEngine
  private let network: FeedForwardDescription
  private let sequences: [SequenceState]
  /// How steps run and what looks at them.
  var isDense = false
  var audit: StepAudit?
  private var matrices: [WeightRole: [Float]] = [:]

  convenience init(
    _ file: NetworkModel, threads: Int = 2, _ plans: [Int: FeedForwardPlan],
    inputs: [Int: InputPlan] = [:]
  ) throws {
    let folder = try TemporaryFolder()
    try self.init(
      path: folder.write("model.gguf", file.bytes()), threads: threads, plans, inputs: inputs)
  }

  init(
    path: String, threads: Int, _ plans: [Int: FeedForwardPlan], inputs: [Int: InputPlan] = [:]
  ) throws {
    let checkpoint = try Checkpoint.open(path)
    let model = try ModelConfiguration(gguf: checkpoint)
    network = model.layers[0].feedForward
    let plan = SparsePlan(networks: plans, inputs: inputs)
    try plan.check(model, file: path)
    engine = try CPUEngine(
      WeightBinding(checkpoint: checkpoint, configuration: model),
      pool: WorkerPool(count: threads), maximumRows: 32, plan: plan)
    let own = engine
    sequences = try (0..<20).map { _ in try own.sequence(capacity: 2) }
  }

  /// One step of all `tokens`, each a sequence of its own; the final hidden state of each.
  @discardableResult
  func step(_ tokens: [Int32]) -> [[Float]] {
    for sequence in sequences { sequence.truncate(to: 0) }
    engine.step(
      .decode(
        tokens, of: Array(sequences.prefix(tokens.count)), isDense: isDense,
        probes: StepProbes(audit: audit)))
    return tokens.indices.map { Array(engine.hidden(row: $0)) }
  }

  /// The neurons that a row of the last step selected.
  func selected(_ layer: Int = 0, row: Int) -> [Int32] {
    engine.networks!.scores[layer]!.lists.all(of: row)
  }

  /// The scores that a row of the last step had.
  func scores(_ layer: Int = 0, row: Int, count: Int) -> [Float] {
    Array(
      UnsafeBufferPointer(
        start: engine.networks!.scores[layer]!.scores(of: row), count: count))
  }

  /// The activations that a row of the last step gave the whole of down.
  func activations(row: Int) -> [Float] {
    let buffer = network.gated ? engine.buffers.gates : engine.buffers.neurons
    return Array(UnsafeBufferPointer(start: buffer.row(row), count: network.width))
  }

  // MARK: - Reference

  /// The final hidden state of a token at position 0 whose only layer has these activations.
  func reference(_ token: Int32, activations: [Float]) -> [Double] {
    let isQuantized = sk_wants_quantized(weights(.down, 0)) != 0
    let x = isQuantized ? int8Rounded(activations) : activations.map(Double.init)
    var h = embedding(token).map(Double.init)
    let down = matrix(.down, 0)
    for row in h.indices {
      for neuron in x.indices { h[row] += x[neuron] * Double(down[row &* x.count &+ neuron]) }
    }
    add(.downBias, 0, to: &h)
    return norm(.finalNorm, nil, h.map { Float($0) }).map(Double.init)
  }

  /// The final hidden state of a token at position 0 whose only layer has these activations by a
  /// sketch of down, besides these neurons.
  func reference(
    _ token: Int32, _ selected: [Int32], others: [Float], by sketch: SketchRows
  ) -> [Double] {
    let memory = OwnedMemory()
    let x = int8Rounded(others)
    var rest = [Double](repeating: 0, count: engine.model.hidden)
    let rows = memory.matrix(
      sketch.coding.type!, rows: rest.count, columns: x.count, bytes: sketch.bytes)
    var down = [Float](repeating: 0, count: x.count)
    for row in rest.indices {
      sk_unpack_row(rows, Int32(row), &down)
      rest[row] = zip(x, down).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    return reference(token, [selected], others: rest)
  }

  /// The final hidden state of a token at position 0 whose layers use these neurons alone, and
  /// `others` added.
  func reference(_ token: Int32, _ selected: [[Int32]], others: [Double] = []) -> [Double] {
    var h = embedding(token).map(Double.init)
    for (layer, neurons) in selected.enumerated() {
      let x = networkInput(layer, h)
      let down = matrix(.down, layer)
      for (neuron, value) in zip(neurons, activations(layer, x, of: neurons)) {
        var place = Int(neuron)
        for row in h.indices {
          h[row] += value * Double(down[place])
          place &+= network.width
        }
      }
      add(.downBias, layer, to: &h)
    }
    for (row, value) in others.enumerated() { h[row] += value }
    return norm(.finalNorm, nil, h.map { Float($0) }).map(Double.init)
  }

  /// The final hidden state of a token at position 0 whose only layer leaves small inputs out;
  /// inputs of matrices by columns are not rounded to 8 bits.
  func reference(_ token: Int32, _ plan: InputPlan) -> [Double] {
    var h = embedding(token).map(Double.init)
    let x = networkInput(0, h).map { abs($0) <= plan.thresholds[.feedForward]!.value ? 0 : $0 }
    let all = (0..<Int32(network.width)).map { $0 }
    let values = activations(0, x, of: all, isExact: true).map {
      abs($0) <= Double(plan.thresholds[.down]!.value) ? 0 : $0
    }
    let down = matrix(.down, 0)
    for row in h.indices {
      for neuron in values.indices {
        h[row] += values[neuron] * Double(down[row &* network.width &+ neuron])
      }
    }
    add(.downBias, 0, to: &h)
    return norm(.finalNorm, nil, h.map { Float($0) }).map(Double.init)
  }

  /// What a layer's network gets from a residual stream.
  func networkInput(_ layer: Int, _ h: [Double]) -> [Float] {
    norm(.feedForwardNorm, layer, h.map { Float($0) })
  }

  func embedding(_ token: Int32) -> [Float] {
    let hidden = engine.model.hidden
    func row(_ kind: WeightRole.Kind, _ index: Int) -> ArraySlice<Float> {
      matrix(kind, nil)[index * hidden..<(index + 1) * hidden]
    }
    let h = Array(row(.tokenEmbedding, Int(token)))
    guard engine.model.learnedPositionOffset != nil else { return h }
    return zip(h, row(.positionEmbedding, 0)).map { $0 + $1 }
  }

  /// Activations of neurons from a network's input, rounded as the kernels over rows do unless
  /// `isExact`.
  func activations(
    _ layer: Int, _ x: [Float], of neurons: [Int32], isExact: Bool = false
  ) -> [Double] {
    let isQuantized = !isExact && sk_wants_quantized(weights(.up, layer)) != 0
    let x = isQuantized ? int8Rounded(x) : x.map(Double.init)
    func products(_ kind: WeightRole.Kind) -> [Double] {
      let matrix = matrix(kind, layer)
      let bias = engine.weights.vector(WeightRole(kind.bias!, layer: layer))
      return neurons.map { neuron in
        var sum = Double(bias?[Int(neuron)] ?? 0)
        let start = Int(neuron) * x.count
        for column in x.indices { sum += Double(matrix[start &+ column]) * x[column] }
        return sum
      }
    }
    guard network.gated else { return products(.up).map(activation) }
    return zip(products(.gate), products(.up)).map { activation($0) * $1 }
  }

  private func activation(_ x: Double) -> Double {
    switch network.activation {
    case .relu: return max(0, x)
    case .reluSquared: return max(0, x) * max(0, x)
    case .silu: return x / (1 + exponential(-x))
    case .gelu, .geluTanh:
      // tanh(y) = 1 - 2 / (exp(2 y) + 1)
      let y = 0.7978845608028654 * (x + 0.044715 * x * x * x)
      return x * (1 - 1 / (exponential(2 * y) + 1))
    }
  }

  /// By the kernel, so that what is rounded to 8 bits is the same bits.
  private func norm(_ kind: WeightRole.Kind, _ layer: Int?, _ h: [Float]) -> [Float] {
    let description = engine.model.layers[0].norm
    let weight = engine.weights.vector(WeightRole(kind, layer: layer))
    var result = [Float](repeating: 0, count: h.count)
    if description.kind == .rms {
      sk_rms_norm(h, weight, description.epsilon, Int32(h.count), &result)
    } else {
      let bias = kind.bias.flatMap { engine.weights.vector(WeightRole($0, layer: layer)) }
      sk_layer_norm(h, weight, bias, description.epsilon, Int32(h.count), &result)
    }
    return result
  }

  private func add(_ kind: WeightRole.Kind, _ layer: Int, to h: inout [Double]) {
    guard let bias = engine.weights.vector(WeightRole(kind, layer: layer)) else { return }
    for row in h.indices { h[row] += Double(bias[row]) }
  }

  private func weights(_ kind: WeightRole.Kind, _ layer: Int?) -> UnsafePointer<sk_matrix> {
    engine.packed.matrix(WeightRole(kind, layer: layer))
  }

  /// Dequantised, `[rows][columns]`.
  func matrix(_ kind: WeightRole.Kind, _ layer: Int?) -> [Float] {
    let role = WeightRole(kind, layer: layer)
    if let known = matrices[role] { return known }
    let packed = weights(kind, layer)
    let columns = Int(packed.pointee.columns)
    var values = [Float](repeating: 0, count: Int(packed.pointee.rows) * columns)
    values.withUnsafeMutableBufferPointer {
      for row in 0..<Int(packed.pointee.rows) {
        sk_unpack_row(packed, Int32(row), $0.baseAddress! + row * columns)
      }
    }
    matrices[role] = values
    return values
  }
}

/// The greatest difference, as a part of the greatest expected size.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  let largest = expected.reduce(0) { max($0, abs($1)) }
  let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
  return found.allSatisfy(\.isFinite) ? worst / largest : .infinity
}
