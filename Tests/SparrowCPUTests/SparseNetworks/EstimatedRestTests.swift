import CSparrowKernels
import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// Networks that keep what a sketch says of unselected neurons, down to the bits that the kernels
/// give the activations: the reference multiplies by those.
@Suite(.serialized) struct EstimatedRestTests {
  private static let kinds: [RandomPredictor] = [
    .product, .int4, .int5, .lowRankSketch, .lowRankInt4,
  ]

  /// An engine whose only layer selects half of its neurons.
  private static func engine(
    _ binding: WeightBinding, _ kind: RandomPredictor, turn: Int, _ rest: FeedForwardPlan.Rest
  ) throws -> CPUEngine {
    let network = binding.configuration.layers[0].feedForward
    let group = turn % 2 == 0 ? 1 : 8
    let predictor = kind.make(
      hidden: binding.configuration.hidden, width: network.width, group: group,
      isGated: network.gated)
    let plan = FeedForwardPlan(
      predictor: predictor, selector: .topK(network.width / group / 2), groupSize: group,
      rest: rest)
    return try CPUEngine(
      binding, pool: try WorkerPool(count: 1 + turn % 3), maximumRows: 32,
      plan: SparsePlan(networks: [0: plan]))
  }

  /// Activations of the dense network, by row.
  private static func dense(_ engine: CPUEngine, _ tokens: [Int32], width: Int) throws -> [[Float]]
  {
    var found: [[Float]] = []
    let probes = StepProbes(observer: { seen in
      guard seen.subject == .feedForward else { return }
      found = (0..<seen.rows).map {
        Array(UnsafeBufferPointer(start: seen.result(row: $0), count: width))
      }
    })
    let sequences = try tokens.map { _ in try engine.sequence(capacity: 2) }
    engine.step(.decode(tokens, of: sequences, isDense: true, probes: probes))
    return found
  }

  @Test("every format", arguments: Array(ElementType.weightTypes.enumerated()).map { ($0, $1) })
  func formats(turn: Int, type: ElementType) throws {
    var random = SeededRandom(seed: UInt64(turn))
    let isWide = type.blockElements == 256
    for isGated in [true, false] {
      let file = NetworkModel(
        type: type, hidden: isWide ? 256 : 96, width: isWide ? 256 : 160, isGated: isGated,
        hasBiases: (turn % 2 == 0) == isGated)
      let binding = try WeightBinding(file)
      let coding = turn % 3 == 0 ? SketchCoding.int4 : .int5
      let down = SketchRows(
        coding: coding, directions: file.width,
        bytes: coding.type!.randomBytes(elements: file.hidden * file.width, &random))
      for (place, kind) in Self.kinds.enumerated() {
        for rest in [FeedForwardPlan.Rest.estimate, .sketch(down: down)] {
          let engine = try Self.engine(binding, kind, turn: turn + place, rest)
          try compare(engine, binding, file, batch: 1 + (turn + place) % 8, "\(kind)")
        }
      }
    }
  }

  private func compare(
    _ engine: CPUEngine, _ binding: WeightBinding, _ file: NetworkModel, batch: Int, _ name: String
  ) throws {
    let tokens = (0..<Int32(batch)).map { $0 * 3 }
    let exact = try Self.dense(engine, tokens, width: file.width)
    var selected = tokens.map { _ in Reference.Selections() }
    let probes = StepProbes(selections: { selected[$0.row].neurons[0] = $0.indices })
    let sequences = try tokens.map { _ in try engine.sequence(capacity: 2) }
    engine.step(.decode(tokens, of: sequences, probes: probes))
    let isSketched = engine.plan.networks[0]!.rest != .estimate
    let scores = engine.networks!.scores[0]!
    let down = engine.packed.matrix(WeightRole(.down, layer: 0))
    let isRounded = isSketched || sk_wants_quantized(down) != 0
    let reference = try Reference(binding, plan: engine.plan) {
      engine.packed.values($0, of: binding)
    }
    let buffer = file.isGated ? engine.buffers.gates : engine.buffers.neurons
    for (row, token) in tokens.enumerated() {
      let used = Array(UnsafeBufferPointer(start: buffer.row(row), count: file.width))
      let neurons = selected[row].neurons[0] ?? []
      #expect(!neurons.isEmpty && neurons.count < file.width)
      let chosen = Set(neurons)
      for neuron in used.indices where !chosen.contains(Int32(neuron)) {
        #expect(abs(used[neuron]) == scores.scores(of: row)[neuron])
      }
      // What a sketch of down reads are the others alone.
      let own = neurons.map { isSketched ? 0 : exact[row][Int($0)] }
      let largest = used.reduce(0) { max($0, abs($1)) }
      for (neuron, value) in zip(neurons, own) {
        #expect(abs(used[Int(neuron)] - value) <= 1e-5 * largest, "\(name)")
      }
      reference.rounding = { _ in isRounded ? int8Rounded(used).map { Float($0) } : used }
      let step = reference.step(token, of: Reference.Sequence(), following: selected[row])
      #expect(
        relativeError(engine.hidden(row: row), step.buffers[.final] ?? []) < 1e-5,
        "\(name), row \(row) of \(batch)")
    }
  }
}
