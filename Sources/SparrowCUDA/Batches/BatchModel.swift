import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// A model of random weights as the engine runs those of files, whose rows choose what was planted.
///
/// The predictors of its plan are computed in full; scores that lie there take the place of theirs.
final class BatchModel {
  let unions: PublishedUnions
  let engine: CUDAEngine
  /// Deja Vu's plan of every layer: networks and heads, one layer ahead.
  let plan: SparsePlan
  private let sequences: [SequenceState]
  let context: Int
  private let library: KernelLibrary
  private var memory: DeviceMemory

  /// What the rows of a step choose, by layer.
  private(set) var neurons: [PlantedChoice] = []
  private(set) var heads: [PlantedChoice] = []

  /// Throws `.system` with both sizes where the device has too little memory.
  init(
    _ unions: PublishedUnions, rank: Int, context: Int, rows: Int, _ library: KernelLibrary
  ) throws(SparrowError) {
    self.unions = unions
    self.context = context
    self.library = library
    let model = try unions.model()
    engine = try CUDAEngine(
      model, DeviceWeights(random: model, library), library: library,
      pool: try WorkerPool(count: 1), maximumRows: StepShape.sparseRows)
    var parts = RandomParts(seed: 1)
    let shape = unions.shape
    let networks = FeedForwardPlan(
      predictor: .lowRank(
        try parts.maps(groups: shape.neurons, hidden: shape.width, rank: rank)),
      selector: .threshold(0), lookahead: true, density: Float(unions.density))
    let attention = AttentionPlan(
      predictor: .lowRank(try parts.maps(groups: shape.heads, hidden: shape.width, rank: rank)),
      selector: .threshold(0), lookahead: true, density: Float(PublishedUnions.heads))
    var plan = SparsePlan.dense
    for layer in 0..<shape.layers {
      plan.networks[layer] = networks
      plan.attention[layer] = attention
    }
    self.plan = plan
    memory = DeviceMemory(in: library.context)
    var sequences: [SequenceState] = []
    let tokens = [Int32](repeating: 5, count: context)
    for _ in 0..<rows {
      let sequence = try engine.sequence(capacity: context + 1)
      guard sequence.reserve(context) else { preconditionFailure("no pages of its own") }
      // Nobody looks at what a cache holds.
      tokens.withUnsafeBufferPointer { sequence.fill($0, .dense) }
      sequences.append(sequence)
    }
    self.sequences = sequences
  }

  /// Installs a part of the plan for so many rows, who choose by chance.
  func use(_ plan: SparsePlan, rows: Int) throws(SparrowError) {
    engine.install(plan)
    try engine.check()
    let shape = unions.shape
    var random = SeededRandom(seed: UInt64(rows))
    (neurons, heads) = ([], [])
    memory = DeviceMemory(in: library.context)
    for layer in 0..<shape.layers {
      neurons.append(
        PlantedChoice(
          rows: rows, of: shape.neurons, own: unions.density, union: unions.neurons[rows] ?? 1,
          &random))
      heads.append(
        PlantedChoice(rows: rows, of: shape.heads, own: PublishedUnions.heads, &random))
      engine.parts.networks?.planted[layer] = try plant(neurons[layer], width: shape.neurons)
      engine.parts.attention?.planted[layer] = try plant(heads[layer], width: shape.heads)
    }
    engine.use(plan)
    try engine.check()
  }

  private func plant(_ choice: PlantedChoice, width: Int) throws(SparrowError) -> DeviceRows {
    DeviceRows(address: try memory.copy(choice.scores(width: width)), width: width)
  }

  /// Milliseconds of a step of so many rows on the device, the mean of `count`.
  func milliseconds(rows: Int, isDense: Bool, count: Int) throws(SparrowError) -> Double {
    let own = Array(sequences.prefix(rows))
    let tokens = (0..<Int32(rows)).map { 5 + $0 }
    // The first is queued as it is, the second is captured, both with what their graph needs.
    for _ in 0..<2 {
      engine.step(.decode(tokens, of: own, isDense: isDense))
      for sequence in own { sequence.truncate(to: context) }
    }
    return try engine.repeatLast(count) { () throws(SparrowError) in
      for sequence in own {
        // The heads of a row have made all keys but those of its own position.
        guard let kept = sequence.devicePages.kept else { continue }
        kept.truncate(to: context)
        _ = try kept.settle()
      }
    }
  }

  /// Bytes of weights and cache that a step has to read: of what several rows choose, once.
  func byteCount(_ plan: SparsePlan, rows: Int, isDense: Bool) -> Int {
    let model = engine.model
    let weights = engine.weights
    func bytes(_ kinds: [WeightRole.Kind], _ layer: Int?) -> Double {
      kinds.reduce(0) { $0 + Double(weights.byteCount(of: WeightRole($1, layer: layer)) ?? 0) }
    }
    let cacheRow = Double(4 * (context + 1) * unions.shape.headDimension)
    let allHeads = Double(unions.shape.heads)
    var total = bytes([model.headRole.kind], nil)
    for layer in model.layers.indices {
      var (network, projected, attended) = (1.0, 1.0, Double(rows) * allHeads)
      if !isDense, let own = plan.networks[layer] {
        network = Double(neurons[layer].union.count) / Double(unions.shape.neurons)
        total += Double(own.predictorBytes)
      }
      if !isDense, let own = plan.attention[layer] {
        projected = Double(heads[layer].union.count) / allHeads
        attended = Double(heads[layer].rows.reduce(0) { $0 + $1.count })
        total += Double(own.predictorBytes)
      }
      total += network * bytes([.up, .down], layer) + attended * cacheRow
      total += projected * bytes([.query, .key, .value, .output], layer)
    }
    return Int(total)
  }
}
