import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTransformer

/// Sparse plans of every kind on a device beside the reference lowering, which follows what the
/// device selects: what comes out is the dense computation with everything else zeroed. And that
/// bits do not depend on who shares a step.
struct SparseCheck {
  private let engine: CUDAEngine
  private let binding: WeightBinding
  private let tokens: [Int32]
  private static let tolerance: Float = 1e-4
  /// Tokens that are given densely before the first one is decoded.
  private static let prompt = 5

  init(
    _ model: TinyModel, _ library: KernelLibrary, _ pool: WorkerPool
  ) throws(SparrowError) {
    let binding = try model.binding()
    self.init(
      binding, try CUDAEngine(binding, library: library, pool: pool, maximumRows: 64))
  }

  /// The same model with matrices of a type, whatever files of it are like.
  init(
    _ model: TinyModel, of type: ElementType, _ library: KernelLibrary, _ pool: WorkerPool
  ) throws(SparrowError) {
    let binding = try model.binding()
    self.init(
      binding,
      try CUDAEngine(
        binding.configuration, DeviceWeights(binding, of: type, library.context),
        library: library, pool: pool, maximumRows: 64))
  }

  private init(_ binding: WeightBinding, _ engine: CUDAEngine) {
    self.binding = binding
    self.engine = engine
    var random = SeededRandom(seed: 5)
    let vocabulary = UInt64(engine.model.vocabulary)
    tokens = (0..<25).map { _ in Int32(random.next() % vocabulary) }
  }

  /// Looks at every plan that the model can have, or at those of these names.
  func run(_ names: Set<String>? = nil) throws(SparrowError) -> DeviceCheck.Finding {
    var faults: [String] = []
    var worst: Float = 0
    var count = 0
    for sample in SamplePlan.all where names?.contains(sample.name) ?? true {
      guard let found = try run(sample) else { continue }
      count += 1
      if !(found.error < Self.tolerance) {
        faults.append("\(sample.name) differs by \(found.error)")
      }
      if !found.hasOwnBits { faults.append("\(sample.name): OTHER BITS in other company") }
      worst = max(worst, found.error)
      try engine.check()
    }
    return DeviceCheck.Finding(
      isRight: faults.isEmpty,
      text: faults.isEmpty
        ? "\(count) plans differ by at most \(worst); the same bits alone and in company"
        : faults.joined(separator: "; "))
  }

  /// The greatest difference of a plan's logits from the reference's, and whether its bits are a
  /// sequence's own; nil where the model can have no such plan.
  func run(_ sample: SamplePlan) throws(SparrowError) -> (error: Float, hasOwnBits: Bool)? {
    guard let plan = try sample.make(engine.model) else { return nil }
    try plan.check(engine.model, file: sample.name)
    engine.install(plan)
    return (try compare(plan), try hasOwnBits())
  }

  /// The greatest difference of logits over a text, as a part of the greatest logit.
  private func compare(_ plan: SparsePlan) throws(SparrowError) -> Float {
    let weights = engine.weights
    let reference = try Reference(binding, plan: plan) { role throws(SparrowError) in
      try weights.values(role, of: binding)
    }
    let sequence = Reference.Sequence()
    for token in tokens.prefix(Self.prompt) {
      _ = reference.step(token, of: sequence, isDense: true)
    }
    let own = try engine.sequence(capacity: tokens.count, type: .f32)
    engine.step(.prompt(tokens.prefix(Self.prompt), of: own))
    var worst: Float = 0
    // Some steps are dense in between: they want the keys of all heads.
    for (index, token) in tokens.enumerated().dropFirst(Self.prompt) {
      let isDense = index % 17 == 16
      var selected = Reference.Selections()
      let probes = StepProbes(selections: { selected.note($0) })
      engine.step(.decode([token], of: [own], isDense: isDense, probes: probes))
      let expected = reference.step(token, of: sequence, isDense: isDense, following: selected)
      worst = max(worst, difference(expected, isDense || plan.head == nil))
    }
    return worst
  }

  private func difference(_ expected: Reference.Step, _ isComplete: Bool) -> Float {
    let output = engine.output(row: 0)
    guard isComplete || output.ids.map({ Array($0) }) == expected.candidates else {
      return .infinity
    }
    return expected.logits.difference(Array(output.logits))
  }

  /// Whether sequences of several lengths give in one step what each gives alone.
  private func hasOwnBits() throws(SparrowError) -> Bool {
    // Two, three, four and ten rows have kernels of their own; one is longer than the inputs that
    // skipped heads keep.
    let lengths = [5, 1, 18, 2, 3, 7, 4, 6, 9, 8]
    let alone = try run(lengths.map { [$0] })
    let together = try run([lengths])
    let mixed = try run([[18, 5], [1, 2, 3], [7, 4, 6, 9], [8]])
    return together == alone && mixed == alone
  }

  /// The logits' bits of two tokens after each length, whose sequences share steps so.
  private func run(_ company: [[Int]]) throws(SparrowError) -> [Int: [[UInt32]]] {
    var found: [Int: [[UInt32]]] = [:]
    for lengths in company {
      var sequences: [SequenceState] = []
      for length in lengths {
        let sequence = try engine.sequence(capacity: tokens.count, type: .f16)
        engine.step(.prompt(tokens.prefix(length), of: sequence))
        sequences.append(sequence)
      }
      for turn in 0..<2 {
        engine.step(.decode(lengths.map { tokens[$0 + turn] }, of: sequences))
        engine.outputs(rows: lengths.count) { output in
          let ids = output.ids.map { $0.map { UInt32(bitPattern: $0) } } ?? []
          let bits = output.logits.map(\.bitPattern) + ids
          found[lengths[output.row], default: []].append(bits)
        }
      }
    }
    return found
  }
}

extension DeviceWeights {
  /// Random matrices of a type where `binding` has others; its vectors.
  fileprivate convenience init(
    _ binding: WeightBinding, of type: ElementType, _ context: CUDAContext
  ) throws(SparrowError) {
    var random = SeededRandom(seed: 19)
    var matrices: [WeightRole: DeviceMatrix] = [:]
    var vectors: [WeightRole: [Float]] = [:]
    for (role, shape, _) in binding.configuration.expectedWeights {
      guard binding.isMatrix(role) else {
        vectors[role] = try binding.vector(role)
        continue
      }
      let (rows, columns) = (shape[0], shape[1])
      let bytes = try type.randomBytes(
        rows * columns, size: 1.7 / Float(columns).squareRoot(), &random)
      matrices[role] = try DeviceMatrix(
        PredictorMatrix(rows: rows, columns: columns, type: type, bytes: bytes), in: context)
    }
    try self.init(matrices, vectors, in: context)
  }
}

extension [Float] {
  /// The greatest difference as a part of the greatest size here; infinite for what is no number.
  func difference(_ found: [Float]) -> Float {
    guard found.count == count, found.allSatisfy(\.isFinite) else { return .infinity }
    let largest = reduce(0) { Swift.max($0, abs($1)) }
    return zip(found, self).reduce(0) { Swift.max($0, abs($1.0 - $1.1)) } / largest
  }
}

extension Reference.Selections {
  fileprivate mutating func note(_ selected: Selected) {
    switch selected.part {
    case .network: neurons[selected.layer] = selected.indices
    case .attention: headGroups[selected.layer] = selected.indices
    case .inputs(let input):
      inputs[InputSource(layer: selected.layer, input: input)] = selected.indices
    }
  }
}
