import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// Masked-dense identity: a sparse network gives what the dense one gives with its unselected
/// neurons zeroed.
@Suite(.serialized) struct SparseFeedForwardTests {
  static let groups = [1, 4, 8, 16, 32]
  static let activations = ["silu", "relu", "gelu_pytorch_tanh", "relu2"]

  struct Case: CustomStringConvertible {
    let kind: RandomPredictor
    var plan: FeedForwardPlan
    let batch: Int
    let threads: Int

    var description: String {
      "\(kind), groups of \(plan.groupSize), \(plan.selector), batch \(batch), \(threads) threads"
    }
  }

  /// A plan for every predictor: over all types of weights every pair of type, predictor, group
  /// size, batch, gate and biases occurs.
  static func cases(_ file: NetworkModel, turn: Int) -> [Case] {
    let kinds = file.isGated ? RandomPredictor.allCases : RandomPredictor.ungated
    return kinds.enumerated().map { place, kind in
      let group = Self.groups[(turn + place + (file.isGated ? 0 : 2)) % Self.groups.count]
      let few = file.width / group / 2
      let selectors: [Selector] = [
        .topK(few), .statisticalTopK(few), .bucketedTopK(few, buckets: few, perBucket: 1),
        .threshold(kind == .router ? 0.5 : 0),
      ]
      let isLinear = kind == .router || kind == .lowRank
      return Case(
        kind: kind,
        plan: FeedForwardPlan(
          predictor: kind.make(
            hidden: file.hidden, width: file.width, group: group, isGated: file.isGated,
            coding: [.f16, .q8_0, .q4_0][(turn + place) % 3]),
          selector: selectors[(turn + place) % (isLinear ? 4 : 3)], groupSize: group),
        batch: 1 + (turn + place + turn / 2) % 8, threads: [2, 1, 3, 1][place % 4])
    }
  }

  /// The networks of one type of weights.
  static func files(_ type: ElementType, turn: Int) -> [NetworkModel] {
    let isWide = type.blockElements == 256
    return [true, false].map { isGated in
      NetworkModel(
        type: type, hidden: isWide ? 256 : 96, width: isWide ? 256 : 160, isGated: isGated,
        hasBiases: (turn % 2 == 0) == isGated,
        activation: Self.activations[(turn + (isGated ? 0 : 2)) % 4])
    }
  }

  @Test(arguments: Array(ElementType.weightTypes.enumerated()).map { ($0, $1) })
  func equalsTheDenseNetworkWithOtherNeuronsZeroed(turn: Int, type: ElementType) throws {
    let folder = try TemporaryFolder()
    for file in Self.files(type, turn: turn) {
      let path = try folder.write("model.gguf", file.bytes())
      for own in Self.cases(file, turn: turn) {
        let network = try SparseNetwork(path: path, threads: own.threads, [0: own.plan])
        let tokens = (0..<Int32(own.batch)).map { $0 * 3 }
        let found = network.step(tokens)
        let neurons = tokens.indices.map { network.selected(row: $0) }
        var worst = 0.0
        for row in tokens.indices {
          let expected = network.reference(tokens[row], [neurons[row]])
          worst = max(worst, relativeError(found[row], expected))
        }
        #expect(worst < 1e-5, "\(own)")
        #expect(neurons.contains { !$0.isEmpty && $0.count < file.width }, "\(own)")
        let alone = network.step([tokens.last!])
        #expect(network.selected(row: 0) == neurons.last)
        #expect(relativeError(alone[0], found.last!.map(Double.init)) < 1e-5, "\(own)")
      }
    }
  }

  /// Sketches that select half of the neurons, every other case by a threshold, and keep `rest` of
  /// the others.
  private static func estimates(
    _ file: NetworkModel, turn: Int, path: String, _ rest: FeedForwardPlan.Rest
  ) throws -> [Case] {
    try cases(file, turn: turn).filter { $0.plan.predictorName == "sketch" }.map { own in
      var own = own
      own.plan.rest = rest
      guard turn % 2 == 0 else { return own }
      own.plan.groupSize = 1
      own.plan.selector = .topK(1)
      let probe = try SparseNetwork(path: path, threads: 1, [0: own.plan])
      probe.step([0])
      let scores = probe.scores(row: 0, count: file.width).sorted()
      own.plan.selector = .threshold(scores[file.width / 2])
      return own
    }
  }

  /// With the rest estimated, unselected neurons have the sketch's activations instead of zeros.
  @Test(arguments: Array(ElementType.weightTypes.enumerated()).map { ($0, $1) })
  func equalsTheDenseNetworkWithOtherNeuronsEstimated(turn: Int, type: ElementType) throws {
    let folder = try TemporaryFolder()
    for file in Self.files(type, turn: turn) {
      let path = try folder.write("model.gguf", file.bytes())
      for own in try Self.estimates(file, turn: turn, path: path, .estimate) {
        let network = try SparseNetwork(path: path, threads: own.threads, [0: own.plan])
        let tokens = (0..<Int32(own.batch)).map { $0 * 3 }
        let found = network.step(tokens)
        for row in tokens.indices {
          let used = network.activations(row: row)
          var wanted = used.map(Double.init)
          let selected = network.selected(row: row)
          let x = network.networkInput(0, network.embedding(tokens[row]).map(Double.init))
          for (neuron, exact) in zip(selected, network.activations(0, x, of: selected)) {
            wanted[Int(neuron)] = exact
          }
          #expect(relativeError(used, wanted) < 1e-5, "\(own)")
          let scores = network.scores(row: row, count: file.width)
          for neuron in scores.indices where !selected.contains(Int32(neuron)) {
            #expect(abs(used[neuron]) == scores[neuron])
          }
          let expected = network.reference(tokens[row], activations: used)
          // Where down reads 8 bits, so do its inputs.
          #expect(relativeError(found[row], expected) < 1e-5, "\(own)")
        }
        #expect(network.selected(row: 0).count < file.width)
        let alone = network.step([tokens.last!])
        #expect(relativeError(alone[0], found.last!.map(Double.init)) < 1e-5, "\(own)")
      }
    }
  }

  /// With a sketch of down too, those activations are multiplied by the sketch.
  @Test(arguments: Array(ElementType.weightTypes.enumerated()).map { ($0, $1) })
  func equalsTheDenseNetworkWithOtherNeuronsSketched(turn: Int, type: ElementType) throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(seed: UInt64(turn))
    for file in Self.files(type, turn: turn) {
      let path = try folder.write("model.gguf", file.bytes())
      let coding = turn % 3 == 0 ? SketchCoding.int4 : .int5
      let down = SketchRows(
        coding: coding, directions: file.width,
        bytes: coding.type!.randomBytes(elements: file.hidden * file.width, &random))
      for own in try Self.estimates(file, turn: turn, path: path, .sketch(down: down)) {
        let network = try SparseNetwork(path: path, threads: own.threads, [0: own.plan])
        let tokens = (0..<Int32(own.batch)).map { $0 * 3 }
        let found = network.step(tokens)
        for row in tokens.indices {
          let others = network.activations(row: row)
          let selected = network.selected(row: row)
          let scores = network.scores(row: row, count: file.width)
          for neuron in scores.indices {
            let isSelected = selected.contains(Int32(neuron))
            #expect(abs(others[neuron]) == (isSelected ? 0 : scores[neuron]))
          }
          let expected = network.reference(tokens[row], selected, others: others, by: down)
          #expect(relativeError(found[row], expected) < 1e-5, "\(own)")
        }
        #expect(network.selected(row: 0).count < file.width)
        let alone = network.step([tokens.last!])
        #expect(relativeError(alone[0], found.last!.map(Double.init)) < 1e-5, "\(own)")
      }
    }
  }

  @Test func bytesOfASketchedLayerCountWhatIsSelectedOfAllThreeMatrices() throws {
    var random = SeededRandom(seed: 2)
    let file = NetworkModel(type: .f32, hidden: 128)
    let down = SketchRows(
      coding: .int5, directions: 160,
      bytes: ElementType.q5_0.randomBytes(elements: 128 * 160, &random))
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.int5.make(hidden: 128, width: 160, group: 1, isGated: true),
      selector: .topK(40), rest: .sketch(down: down))
    let network = try SparseNetwork(file, threads: 2, [0: plan])
    network.step([1])
    guard case .sketch(let sketch) = plan.predictor else { return }
    #expect(
      network.engine.feedForwardBytes.sparse
        == 40 * 3 * 128 * 4 + sketch.byteCount + 128 * 160 / 32 * 22)
  }
}
