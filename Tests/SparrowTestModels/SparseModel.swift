public import Sparrow
import SparrowCore
import SparrowFormats
public import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer

/// A tiny random model with a sparse head, or with sparse networks; nothing is fitted.
public enum SparseModel {
  public static let text = String(
    repeating: "In the beginning was the word, and the sparrow ate 12 crumbs of bread. ", count: 60)
  public static let widestHeadBatch = 2
  private static let path = Fixtures.path("models/llama3")

  /// Finds candidates by the head's own rows in float16. A model of its own for each caller.
  public static func load() throws -> Model {
    let checkpoint = try Checkpoint.open(path)
    let plan = VocabularyPlan(candidates: 24, kept: 8, widestBatch: widestHeadBatch)
    return try load(
      checkpoint, SparsePlan(head: SketchedVocabulary(plan: plan, sketch: sketch(checkpoint))),
      threads: 2)
  }

  /// Half of the neurons by their exact gates.
  public static func loadSparseBody(
    threads: Int = 2, widestBatch: Int = BatchLimit.none, selector: Selector = .topK(32),
    parallel: Int? = nil
  ) throws -> Model {
    let plan = FeedForwardPlan(predictor: .gate, selector: selector)
    return try load(
      Checkpoint.open(path),
      SparsePlan(networks: [0: plan, 1: plan], widestBatch: widestBatch), threads: threads,
      parallel: parallel)
  }

  private static func load(
    _ checkpoint: Checkpoint, _ plan: SparsePlan, threads: Int, parallel: Int? = nil
  ) throws -> Model {
    let folder = try TemporaryFolder()
    let adapter = Adapter(baseHash: checkpoint.contentHash(), baseName: path, plan: plan)
    try adapter.write(to: folder.file("a"))
    return try Model.load(
      path,
      options: LoadOptions(threads: threads, adapter: folder.file("a"), parallel: parallel))
  }

  /// The head's rows in a basis of unit vectors, blocks of Q8_0.
  private static func sketch(_ checkpoint: Checkpoint) throws -> RowSketch {
    let description = try ModelDescription(checkpoint)
    let (hidden, count) = (description.configuration.hidden, description.configuration.vocabulary)
    let rows = try checkpoint.floats(description.binding[description.binding.headRole]!.entry)
    var basis: [UInt8] = []
    for row in 0..<hidden {
      for start in stride(from: 0, to: hidden, by: 32) {
        basis += bytes(of: 1 / 127)
        basis += (start..<start + 32).map { $0 == row ? 127 : 0 }
      }
    }
    var sketch = RowSketch(
      rowCount: count, hidden: hidden, mean: Array(repeating: 0, count: hidden),
      meanRow: Array(repeating: 0, count: hidden), basis: basis, bounds: [0, hidden], centroids: [],
      codes: [], bias: [], deviation: 0.01,
      rows: SketchRows(
        coding: .lowRank, directions: hidden, bytes: rows.flatMap { bytes(of: $0) }))
    sketch.bias = (0..<sketch.blocks * RowSketch.blockRows).map {
      ($0 < count ? 0 : -Float16.infinity).bitPattern
    }
    return sketch
  }

  private static func bytes(of value: Float) -> [UInt8] {
    let bits = Float16(value).bitPattern
    return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
  }
}
