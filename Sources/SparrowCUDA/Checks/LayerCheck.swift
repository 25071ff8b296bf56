import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// Layers run one by one, as calibration tries thresholds on them, beside the whole model that
/// decodes with the same thresholds.
struct LayerCheck {
  private let engine: CUDAEngine
  private let tokens: [Int32]
  /// Sums of prompts and of single rows have the same order, but chosen inputs are float32.
  private static let tolerance: Float = 2e-5

  init(_ model: TinyModel, _ library: KernelLibrary, _ pool: WorkerPool) throws(SparrowError) {
    engine = try CUDAEngine(model.binding(), library: library, pool: pool, maximumRows: 64)
    let vocabulary = Int32(engine.model.vocabulary)
    tokens = (0..<14).map { (7 * $0 + 3) % vocabulary }
  }

  func run() throws(SparrowError) -> DeviceCheck.Finding {
    let large: [LayerInput: Float] = [.attention: 0.5, .output: 0.1, .feedForward: 0.5, .down: 0.1]
    let plan = InputPlan(large.mapValues { InputPlan.Threshold($0) })
    let layers = engine.model.layers.indices
    engine.install(SparsePlan(inputs: Dictionary(uniqueKeysWithValues: layers.map { ($0, plan) })))
    let sequence = try engine.sequence(capacity: tokens.count, type: .f32)
    var expected: [Float] = []
    for token in tokens {
      engine.step(.decode([token], of: [sequence]))
      expected.append(contentsOf: engine.hidden(row: 0))
    }
    let sparse = try chain(large)
    let whole = try chain([:])
    let repeats = try chain([:]) == whole
    let error = whole == sparse ? .infinity : expected.difference(sparse)
    try engine.check()
    return DeviceCheck.Finding(
      isRight: error < Self.tolerance && repeats,
      text: "differ by \(error) of the greatest element (at most \(Self.tolerance))"
        + (repeats ? "" : "; THEY DO NOT REPEAT"))
  }

  /// What the head reads behind all layers, one after the other.
  private func chain(_ thresholds: [LayerInput: Float]) throws(SparrowError) -> [Float] {
    let model = engine.model
    let sequence = try engine.sequence(capacity: tokens.count, type: .f32)
    var states = [Float](repeating: 0, count: tokens.count * model.hidden)
    for layer in [nil] + model.layers.indices.map(Optional.init) {
      let run = engine.layerRun(layer)
      run.thresholds = thresholds
      states.withUnsafeMutableBufferPointer {
        run.run(tokens, sequence, from: $0.baseAddress!, to: $0.baseAddress!)
      }
    }
    // The last layer's results are still there, of as few tokens as one step takes.
    let shape = StepShape(rows: tokens.count, positions: tokens.count, type: .f32)
    let last = engine.dense.operations.lastIndex { $0.operation.layer != nil }!
    for operation in engine.dense.operations[(last + 1)...] { try operation.launch(shape) }
    return tokens.indices.flatMap { Array(engine.hidden(row: $0)) }
  }
}
