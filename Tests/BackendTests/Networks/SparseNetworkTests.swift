import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Masked-dense identity: a sparse network gives what the dense one gives with its unselected
/// neurons zeroed, or as its plan says.
@Suite(.serialized) struct SparseNetworkTests {
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
      return Case(
        kind: kind,
        plan: FeedForwardPlan(
          predictor: kind.make(
            hidden: file.hidden, width: file.width, group: group, isGated: file.isGated,
            coding: [.f16, .q8_0, .q4_0][(turn + place) % 3]),
          selector: selectors[(turn + place) % (kind.isLinear ? 4 : 3)], groupSize: group),
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

  @Test(
    "every format: other neurons count as zeros", arguments: TestBackend.all,
    ElementType.weightTypes)
  func equalsTheDenseNetworkWithOtherNeuronsZeroed(backend: TestBackend, type: ElementType) throws {
    let turn = try #require(ElementType.weightTypes.firstIndex(of: type))
    for file in Self.files(type, turn: turn) {
      let binding = try WeightBinding(file)
      for own in Self.cases(file, turn: turn) {
        let run = try ComparedRun(backend, binding, own)
        let tokens = (0..<Int32(own.batch)).map { $0 * 3 }
        // A backend may read the activations of whole groups in 8 bits, as dense networks do.
        let isRounded =
          own.plan.groupSize >= 8 && own.kind.isLinear && type.blockElements > 1
        let bound: Float = isRounded ? 0.02 : 1e-5
        #expect(run.start(tokens).allSatisfy { $0 < bound }, "\(own)")
        let neurons = tokens.indices.map { run.neurons(row: $0) }
        #expect(neurons.contains { !$0.isEmpty && $0.count < file.width }, "\(own)")
        #expect(run.start([tokens.last!])[0] < bound, "\(own)")
        #expect(run.neurons() == neurons.last, "\(own)")
      }
    }
  }

  /// A sketch whose estimates float32 holds, and half of the neurons selected, every other time by
  /// a threshold.
  private static func estimates(
    _ file: NetworkModel, turn: Int, _ binding: WeightBinding, _ backend: TestBackend,
    _ rest: FeedForwardPlan.Rest
  ) throws -> [Case] {
    try cases(file, turn: turn).filter(\.kind.isExact).map { own in
      var own = own
      own.plan.predictor = own.plan.predictor.uncentred
      own.plan.rest = rest
      guard turn % 2 == 0 else { return own }
      own.plan.groupSize = 1
      own.plan.selector = .topK(1)
      let probe = try ComparedRun(backend, binding, own)
      _ = probe.start([0])
      own.plan.selector = .threshold(probe.backend.neuronScores(layer: 0).sorted()[file.width / 2])
      return own
    }
  }

  /// With the rest estimated, unselected neurons have the sketch's activations instead of zeros;
  /// with a sketch of down too, those are multiplied by that.
  @Test(
    "every format: other neurons count as estimated", arguments: TestBackend.all,
    ElementType.weightTypes)
  func equalsTheDenseNetworkWithOtherNeuronsEstimated(
    backend: TestBackend, type: ElementType
  ) throws {
    let turn = try #require(ElementType.weightTypes.firstIndex(of: type))
    var random = SeededRandom(seed: UInt64(turn))
    for file in Self.files(type, turn: turn) {
      let binding = try WeightBinding(file)
      let coding = turn % 3 == 0 ? SketchCoding.int4 : .int5
      let down = SketchRows(
        coding: coding, directions: file.width,
        bytes: coding.type!.randomBytes(elements: file.hidden * file.width, &random))
      for rest in [FeedForwardPlan.Rest.estimate, .sketch(down: down)] {
        // A backend may read activations in 8 bits where what stands for down is in blocks.
        let isRounded = rest != .estimate || type.blockElements > 1
        var errors: [Float] = []
        for own in try Self.estimates(file, turn: turn, binding, backend, rest) {
          let run = try ComparedRun(backend, binding, own)
          if isRounded { run.reference.rounding = { int8Rounded($0).map { Float($0) } } }
          errors += run.start((0..<Int32(min(own.batch, 3))).map { $0 * 3 })
          #expect(run.neurons().count < file.width, "\(own)")
        }
        // Now and then an activation lies between two steps, and each takes another.
        #expect(errors.count { $0 > 1e-5 } <= (isRounded ? errors.count / 4 : 0), "\(errors)")
        #expect(errors.allSatisfy { $0 < 0.01 }, "\(errors)")
      }
    }
  }

  @Test(
    "density 1 is the dense network, for every predictor", arguments: TestBackend.all,
    [true, false])
  func everyPredictor(backend: TestBackend, isGated: Bool) throws {
    let binding = try WeightBinding(NetworkModel(type: .f32, isGated: isGated, hasBiases: true))
    for kind in isGated ? RandomPredictor.allCases : RandomPredictor.ungated {
      let predictor = kind.make(hidden: 96, width: 160, group: 8, isGated: isGated)
      let plan = FeedForwardPlan(
        predictor: predictor, selector: .threshold(-.infinity), groupSize: 8)
      let run = try ComparedRun(
        backend, binding, threads: 1, sequences: 3, SparsePlan(networks: [0: plan]))
      #expect(run.start([1, 2, 3]).allSatisfy { $0 < 1e-5 }, "\(kind)")
      #expect(run.neurons().count == 160)
    }
  }

  @Test("the widest batch is sparse, and dense where that is asked", arguments: TestBackend.all)
  func widestBatch(backend: TestBackend) throws {
    let own = try backend.open(WeightBinding(NetworkModel(type: .q8_0)), threads: 1) { _ in
      SparsePlan(networks: [0: FeedForwardPlan(predictor: .exact, selector: .topK(1))])
    }
    let (sparse, dense) = try own.sparseAndDense(width: own.sparseBatch)
    #expect(sparse != dense)
  }
}

extension ComparedRun {
  convenience init(
    _ backend: TestBackend, _ binding: WeightBinding, _ own: SparseNetworkTests.Case
  ) throws {
    try self.init(
      backend, binding, threads: own.threads, sequences: own.batch,
      SparsePlan(networks: [0: own.plan]))
  }
}

extension Backend {
  /// The head's inputs of a decoding step of new sequences, by the plan and densely.
  func sparseAndDense(width: Int) throws -> (sparse: [[Float]], dense: [[Float]]) {
    func rows(isDense: Bool) throws -> [[Float]] {
      let sequences = try (0..<width).map { _ in try sequence(capacity: 2, type: .f32) }
      step(.decode((0..<width).map { Int32($0) }, of: sequences, isDense: isDense))
      return (0..<width).map { Array(hidden(row: $0)) }
    }
    return (try rows(isDense: false), try rows(isDense: true))
  }
}

extension FeedForwardPlan.Predictor {
  /// A sketch that takes no mean from its inputs: those of a `NetworkModel` stay what 8 bits hold.
  var uncentred: Self {
    guard case .sketch(var sketch) = self else { return self }
    sketch.mean = sketch.mean.map { _ in 0 }
    return .sketch(sketch)
  }
}

extension RandomPredictor {
  /// Scores are of groups, not of neurons.
  var isLinear: Bool { self == .lowRank || self == .router }

  /// A sketch that is computed without rounding for inputs that 8 bits hold.
  var isExact: Bool { [.int4, .int5, .lowRankSketch].contains(self) }
}
