import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowReference
import SparrowTransformer

/// A model on a device beside the reference lowering: logits of a text, and that their bits do not
/// depend on how the text is cut or who shares its steps.
struct ModelCheck {
  private let engine: CUDAEngine
  private let reference: Reference
  private let tokens: [Int32]
  /// The greatest difference of logits that inputs in two terms explain, as a part of the greatest
  /// logit: two bfloats have 16 bits.
  private static let tolerance: Float = 3e-4

  init(
    _ binding: WeightBinding, tokens: Int, _ library: KernelLibrary, _ pool: WorkerPool
  ) throws(SparrowError) {
    engine = try CUDAEngine(binding, library: library, pool: pool, maximumRows: 64)
    let weights = engine.weights
    reference = try Reference(binding) { role throws(SparrowError) in
      try weights.values(role, of: binding)
    }
    let model = binding.configuration
    var random = SeededRandom(seed: 3)
    self.tokens = (0..<min(model.contextLength, tokens)).map { _ in
      Int32(random.next() % UInt64(model.vocabulary))
    }
  }

  /// Binds a file's or a folder's tensors.
  static func binding(_ path: String) throws(SparrowError) -> WeightBinding {
    let checkpoint = try Checkpoint.open(path)
    let configuration =
      if let config = checkpoint.config, checkpoint.kind == .huggingFace {
        try ModelConfiguration(huggingFace: config, file: path)
      } else {
        try ModelConfiguration(gguf: checkpoint)
      }
    return try WeightBinding(checkpoint: checkpoint, configuration: configuration)
  }

  func run() throws(SparrowError) -> DeviceCheck.Finding {
    let whole = try logits(chunk: 64, type: .f32)
    let sequence = Reference.Sequence()
    var expected = tokens.flatMap { reference.step($0, of: sequence).logits }
    var found = whole
    var same = true
    if reference.model.turnsLong(within: tokens.count) {
      // Rows of one step turn alike, and the reference's as their own text does.
      expected = expected.suffix(reference.model.vocabulary)
      found = found.suffix(reference.model.vocabulary)
    } else {
      for chunk in [1, 3, 17] { same = try logits(chunk: chunk, type: .f32) == whole && same }
    }
    let error = expected.difference(found)
    same = try inCompany() && same
    same = try sharePrompts() && same
    try engine.check()
    return DeviceCheck.Finding(
      isRight: error < Self.tolerance && same,
      text: "differs by \(error) of the greatest logit (at most \(Self.tolerance)); "
        + (same ? "the same bits alone and in company" : "OTHER BITS in other company"))
  }

  /// Logits of all tokens, `chunk` at a time; one at a time they are decoded.
  private func logits(chunk: Int, type: CacheType) throws(SparrowError) -> [Float] {
    let sequence = try engine.sequence(capacity: tokens.count, type: type)
    var all: [Float] = []
    for start in stride(from: 0, to: tokens.count, by: chunk) {
      let part = tokens[start...].prefix(chunk)
      var batch = StepBatch.prompt(part, of: sequence)
      if chunk == 1 { batch.phase = .decode }
      engine.step(batch)
      engine.logits(of: 0..<part.count) { all.append(contentsOf: $1) }
    }
    return all
  }

  /// Whether texts whose prompts run in one step give what each gives alone.
  private func sharePrompts() throws(SparrowError) -> Bool {
    let texts = [20, 13, 31].map { tokens.prefix($0) }
    var alone: [Float] = []
    var batch = StepBatch.prompt([Int32](), of: try engine.sequence(capacity: 1))
    batch.slices = []
    for text in texts {
      let (one, other) = (
        try engine.sequence(capacity: text.count), try engine.sequence(capacity: text.count)
      )
      engine.step(.prompt(text, of: one))
      engine.logits(of: 0..<text.count) { alone.append(contentsOf: $1) }
      batch.tokens += text
      batch.slices.append(.init(other, rows: text.count))
    }
    var together: [Float] = []
    engine.step(batch)
    engine.logits(of: 0..<batch.tokens.count) { together.append(contentsOf: $1) }
    return together == alone
  }

  /// Whether sequences of several lengths give in one step what each gives alone.
  private func inCompany() throws(SparrowError) -> Bool {
    let lengths = [5, 1, tokens.count - 1, 70].map { min($0, tokens.count - 1) }
    func filled(_ length: Int) throws(SparrowError) -> SequenceState {
      let sequence = try engine.sequence(capacity: tokens.count, type: .f16)
      for start in stride(from: 0, to: length, by: 64) {
        engine.step(.prompt(tokens[start..<min(start + 64, length)], of: sequence))
      }
      return sequence
    }
    var together: [SequenceState] = []
    for length in lengths { together.append(try filled(length)) }
    let next = lengths.map { tokens[$0] }
    engine.step(.decode(next, of: together))
    var rows: [[Float]] = []
    engine.outputs(rows: next.count) { rows.append(Array($0.logits)) }
    for (index, length) in lengths.enumerated() {
      engine.step(.decode([next[index]], of: [try filled(length)]))
      guard Array(engine.output(row: 0).logits) == rows[index] else { return false }
    }
    return true
  }
}

extension ModelConfiguration {
  /// A text of so many tokens turns otherwise than its beginnings do.
  fileprivate func turnsLong(within count: Int) -> Bool {
    longRotaryBeyond.map { $0 < count } ?? false
  }
}

extension BackendWeights {
  /// A role's values as the device computes with them, row-major; none for a bias that the model
  /// lacks.
  func values(
    _ role: WeightRole, of binding: WeightBinding
  ) throws(SparrowError) -> [Float] {
    guard binding.isMatrix(role) else { return try binding.vector(role) ?? [] }
    let (rows, columns) = shape(of: role)
    return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      for row in 0..<rows { read(row, of: role, into: values.baseAddress! + row * columns) }
      count = rows * columns
    }
  }
}
