import CSparrowKernels
import SparrowBlocks
import SparrowCPU
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Low-rank updates merged on load: the packed weights are W + scale · B A, rounded to their type.
@Suite struct UpdateMergeTests {
  private static let gate = WeightRole(.gate, layer: 0)
  private static let size = 256

  static func binding(_ checkpoint: Checkpoint) throws -> WeightBinding {
    let configuration =
      checkpoint.kind == .gguf
      ? try ModelConfiguration(gguf: checkpoint)
      : try ModelConfiguration(
        huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    return try WeightBinding(checkpoint: checkpoint, configuration: configuration)
  }

  private static func row(_ matrix: UnsafePointer<sk_matrix>, _ index: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: Int(matrix.pointee.columns)) { buffer, count in
      sk_unpack_row(matrix, Int32(index), buffer.baseAddress)
      count = Int(matrix.pointee.columns)
    }
  }

  /// What rounding to a type may take from weights that share a scale.
  private static func bound(_ type: ElementType, _ weights: ArraySlice<Double>) -> Double {
    let most = weights.map(abs).max()!
    let range = weights.max()! - weights.min()!
    // A block's minimum is float16 too.
    return switch type {
    case .f32, .f64: most * 0x1p-22
    case .f16: most * 0x1p-11
    case .bf16: most * 0x1p-8
    // The greatest number of the sign that has a level less is a level off.
    case .q4_0: most / 8 * 1.01
    case .q5_0: most / 16 * 1.01
    case .q4_1: range / 15 * 0.52 + most * 0x1p-10
    case .q5_1: range / 31 * 0.52 + most * 0x1p-10
    default: most / 127 * 0.57
    }
  }

  @Test(arguments: ElementType.weightTypes)
  func addsToWeightsOfEveryType(_ type: ElementType) throws {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: type, hidden: Self.size, width: Self.size).bytes()
    let checkpoint = try Checkpoint.open(try folder.write("m.gguf", file))
    let binding = try Self.binding(checkpoint)
    let pool = try WorkerPool(count: 2)
    var random = SeededRandom(seed: 5)
    let added = RandomUpdate(rows: Self.size, columns: Self.size, rank: 3, &random)
    let base = try PackedWeights(binding, pool: pool)
    let merged = try PackedWeights(
      binding, pool: pool, updates: WeightUpdates(matrices: [Self.gate: added.update]))
    let (before, after) = (base.matrix(Self.gate), merged.matrix(Self.gate))
    for row in stride(from: 0, to: Self.size, by: 15) {
      let exact = zip(Self.row(before, row), added.row(row)).map { Double($0) + $1 }
      let found = Self.row(after, row)
      for start in stride(from: 0, to: Self.size, by: 32) {
        let block = start..<start + 32
        let worst = block.map { abs(Double(found[$0]) - exact[$0]) }.max()!
        #expect(worst <= Self.bound(type, exact[block]), "row \(row), column \(start)")
      }
    }
    let up = WeightRole(.up, layer: 0)
    #expect(Self.row(merged.matrix(up), 7) == Self.row(base.matrix(up), 7))
    let isEncoded = [.q4_0, .q4_1, .q5_0, .q5_1].contains(type) || type.blockElements == 1
    #expect(after.pointee.format == (isEncoded ? before.pointee.format : SK_Q8))
  }

  /// With fused, transposed and tied matrices, and norms with an offset.
  @Test(arguments: ["gemma2", "gpt2", "opt-350m", "qwen3", "smollm2"])
  func logitsAreThoseOfWeightsChangedByHand(name: String) throws {
    let folder = try TemporaryFolder()
    let model = try FloatModel(Fixtures.path("models/" + name))
    let base = try Self.binding(Checkpoint.open(try model.write(to: folder, "base")))
    var changed = model
    var updates: [WeightRole: LowRankUpdate] = [:]
    var vectors: [WeightRole: [Float]] = [:]
    var random = SeededRandom(seed: 9)
    for (index, role) in base.roles.enumerated() where index % 3 != 2 {
      let source = try #require(base[role])
      if base.isMatrix(role) {
        let added = RandomUpdate(
          rows: source.rows.count, columns: source.columns, rank: 1 + index % 5, &random)
        updates[role] = added.update
        changed.add((0..<source.rows.count).map(added.row), to: source)
      } else {
        let values = (0..<source.rows.count).map { _ in random.uniform() - 0.5 }
        vectors[role] = values
        changed.replace(values, in: source)
      }
    }
    #expect(updates.count > 8 && vectors.count > 2)
    let merged = try CPUEngine(
      base, pool: try WorkerPool(count: 2), maximumRows: 32,
      updates: WeightUpdates(matrices: updates, vectors: vectors))
    let byHand = try engine(try changed.write(to: folder, "changed"), threads: 2)
    let unchanged = try engine(folder.file("base"), threads: 2)
    let tokens = try Fixtures.expected(name).tokens
    let expected = try logits(byHand, tokens, chunk: 24)
    let found = try logits(merged, tokens, chunk: 24)
    let worst = zip(found, expected).map { abs($0 - $1) }.max()!
    let size = expected.map(abs).max()!
    #expect(worst <= 1e-5 * max(size, 1), "worst difference \(worst) of \(size)")
    let before = try logits(unchanged, tokens, chunk: 24)
    #expect(zip(found, before).contains { abs($0 - $1) > 1e-2 })
  }

  @Test(arguments: [ElementType.f32, .f16, .bf16, .q4_0, .q5_1, .q8_0, .q6_K])
  func refusesWeightsBeyondTheirType(_ type: ElementType) throws {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: type, hidden: Self.size, width: Self.size).bytes()
    let checkpoint = try Checkpoint.open(try folder.write("m.gguf", file))
    let binding = try Self.binding(checkpoint)
    var random = SeededRandom(seed: 5)
    let added = RandomUpdate(
      rows: Self.size, columns: Self.size, rank: 3, scale: .greatestFiniteMagnitude, &random)
    var update = added.update
    update.b.bytes = update.b.bytes.map { _ in 0x7B }
    let error = #expect(throws: SparrowError.self) {
      try PackedWeights(
        binding, pool: WorkerPool(count: 2), updates: WeightUpdates(matrices: [Self.gate: update]))
    }
    #expect(error?.kind == .mismatch && error?.field == "blk.0.ffn_gate.weight")
  }

  @Test func refusesWhatDoesNotFit() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/llama3"))
    let binding = try Self.binding(checkpoint)
    let pool = try WorkerPool(count: 1)
    var random = SeededRandom(seed: 5)
    let hidden = binding.configuration.hidden
    let other = RandomUpdate(rows: hidden + 1, columns: hidden, rank: 2, &random).update
    let wide = RandomUpdate(rows: hidden, columns: hidden + 1, rank: 2, &random).update
    func refuse(
      _ field: String, updates: [WeightRole: LowRankUpdate] = [:],
      vectors: [WeightRole: [Float]] = [:]
    ) {
      let error = #expect(throws: SparrowError.self) {
        try CPUEngine(
          binding, pool: pool, updates: WeightUpdates(matrices: updates, vectors: vectors))
      }
      #expect(error?.kind == .mismatch && error?.field == field)
    }
    let norm = WeightRole(.attentionNorm, layer: 1)
    refuse("updates.layers.0.query.b rows", updates: [WeightRole(.query, layer: 0): other])
    refuse("updates.layers.0.query.a columns", updates: [WeightRole(.query, layer: 0): wide])
    refuse("updates.layers.99.query", updates: [WeightRole(.query, layer: 99): other])
    refuse("updates.query", updates: [WeightRole(.query): other])
    refuse("updates.layers.1.attentionNorm", updates: [norm: other])
    refuse("vectors.layers.1.attentionNorm", vectors: [norm: [1, 2]])
    refuse("vectors.layers.1.queryBias", vectors: [WeightRole(.queryBias, layer: 1): [1]])
    refuse("vectors.tokenEmbedding", vectors: [WeightRole(.tokenEmbedding): [1]])
  }
}
