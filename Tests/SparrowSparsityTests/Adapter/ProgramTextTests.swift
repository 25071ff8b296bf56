import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// The printed program of a model with an adapter.
@Suite struct ProgramTextTests {
  /// The lines of a network of three matrices of 0.20 MB each that predict, select and touch;
  /// spaces narrowed.
  private func lines(_ plan: FeedForwardPlan) throws -> [String] {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: .f32, hidden: 96, width: 512)
    let checkpoint = try Checkpoint.open(folder.write("model.gguf", file.bytes()))
    let model = try ModelConfiguration(gguf: checkpoint)
    let binding = try WeightBinding(checkpoint: checkpoint, configuration: model)
    let plan = SparsePlan(networks: [0: plan])
    try plan.check(model, file: "plan")
    return plan.rewrite(StepProgram(model)).text(binding, plan: plan)
      .split(separator: "\n").drop { !$0.contains("predict") }.prefix(3)
      .map { $0.split(separator: " ").joined(separator: " ") }
  }

  private func router(groups: Int) -> FeedForwardPlan.Predictor {
    .router(
      LinearPredictor(
        a: nil,
        b: PredictorMatrix(
          rows: groups, columns: 96, type: .f16,
          bytes: [UInt8](repeating: 0, count: groups * 192)),
        bias: [Float](repeating: 0, count: groups)))
  }

  @Test func showsWhatATokenReads() throws {
    var plan = FeedForwardPlan(
      predictor: router(groups: 64), selector: .threshold(0.5), groupSize: 8, density: 0.5)
    #expect(
      try lines(plan) == [
        "predict x -> s [64] 0.01 MB router", "select s > 0.5 -> S",
        "ffn x, S -> h += 0.29 of 0.59 MB",
      ])
    plan.density = nil
    #expect(try lines(plan)[2] == "ffn x, S -> h += part of 0.59 MB")
    plan.density = 0
    #expect(try lines(plan)[2] == "ffn x, S -> h += 0.00 of 0.59 MB")
  }

  @Test func countsMatricesWherePredictingReadsThem() throws {
    var plan = FeedForwardPlan(predictor: .exact, selector: .topK(51), density: 0.1)
    #expect(
      try lines(plan) == [
        "predict x -> s [512] 0.39 MB exact", "select top 51 of s -> S",
        "ffn x, S -> h += 0.02 of 0.59 MB",
      ])
    plan.predictor = .gate
    #expect(try lines(plan)[0] == "predict x -> s [512] 0.20 MB gate")
    #expect(try lines(plan)[2] == "ffn x, S -> h += 0.04 of 0.59 MB")
  }

  @Test func saysWhatEstimatesRead() throws {
    let zeros = [Float](repeating: 0, count: 96)
    let sketch = RowSketch(
      rowCount: 1024, hidden: 96, mean: zeros, meanRow: zeros, basis: [], bounds: [0, 96],
      centroids: [], codes: [], bias: Array(repeating: 0, count: 1024), deviation: 1,
      rows: SketchRows(
        coding: .int4, directions: 96, bytes: Array(repeating: 0, count: 1024 * 54)))
    var plan = FeedForwardPlan(
      predictor: .sketch(sketch), selector: .threshold(0.5),
      density: 0.25, rest: .estimate)
    // Down's third whole, and a quarter of the other two.
    #expect(try lines(plan)[2] == "ffn x, S -> h += 0.29 of 0.59 MB estimates the rest")
    let predicted = try lines(plan)[0]
    let rows = SketchRows(
      coding: .int5, directions: 512, bytes: Array(repeating: 0, count: 96 * 16 * 22))
    plan.rest = .sketch(down: rows)
    // A quarter of all three; the sketch of down counts as that of the others.
    #expect(try lines(plan)[2] == "ffn x, S -> h += 0.15 of 0.59 MB sketches the rest")
    #expect(try lines(plan)[0] != predicted && plan.predictorBytes == sketch.byteCount + 33_792)
  }

  @Test func namesEverySelector() throws {
    var plan = FeedForwardPlan(
      predictor: .exact, selector: .statisticalTopK(9), groupSize: 32, kept: .topK(40),
      common: [0, 3], density: 0.5)
    #expect(
      try lines(plan).dropFirst() == [
        "select top ~9 of s + 2 common -> S",
        "ffn x, S -> h += 0.10 of 0.59 MB keeps top 40 of |a|",
      ])
    plan.selector = .bucketedTopK(8, buckets: 4, perBucket: 2)
    plan.kept = .threshold(0.25)
    #expect(try lines(plan)[1] == "select top 8 of s in 4 buckets + 2 common -> S")
    #expect(try lines(plan)[2].hasSuffix("keeps |a| > 0.25"))
  }
}
