import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// Layers by themselves compute what they compute in the whole model.
@Suite(.serialized) struct LayerRunTests {
  @Test("one after the other, layers end where decoding ends", arguments: Fixtures.models)
  func chain(name: String) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let model = binding.configuration
    // All of a sequence turns as its length says, and single steps know no more of it than they
    // have.
    let count = min(17, model.longRotaryBeyond ?? 17)
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(count))
    let engine = try CPUEngine(
      binding, pool: try WorkerPool(count: name == "llama3" ? 2 : 1), maximumRows: 32,
      plan: SparsePlan(inputs: InputPlans.all(model, 0.3)))
    let own = try engine.sequence(capacity: tokens.count, type: .f32)
    let decoded = tokens.flatMap { token in
      engine.step(.decode([token], of: [own]))
      return Array(engine.hidden(row: 0))
    }

    let cache = try engine.sequence(capacity: tokens.count, type: .f32)
    var states = [Float](repeating: 0, count: tokens.count * model.hidden)
    for layer in [nil] + model.layers.indices.map(Optional.init) {
      let run = engine.layerRun(layer)
      for input in LayerInput.allCases { run.thresholds[input] = input == .down ? 0.075 : 0.3 }
      states.withUnsafeMutableBufferPointer {
        let start = $0.baseAddress!
        run.run(tokens, cache, from: start, to: start)
      }
    }
    let found = try Self.headInput(of: states, engine)
    #expect(relativeError(found, decoded) <= 2e-5)
  }

  @Test("without thresholds a layer is whole, however often it runs")
  func whole() throws {
    let engine = try engine(Fixtures.path("models/llama3"), threads: 2)
    let run = engine.layerRun(1)
    let cache = try engine.sequence(capacity: 20)
    let states = (0..<20 * engine.model.hidden).map { Float($0 % 13) / 8 - 0.75 }
    func results(_ thresholds: [LayerInput: Float]) -> [Float] {
      var results = states
      run.thresholds = thresholds
      results.withUnsafeMutableBufferPointer {
        run.run([Int32](repeating: 0, count: 20), cache, from: states, to: $0.baseAddress!)
      }
      return results
    }
    let first = results([:])
    #expect(results([.down: 1]) != first)
    #expect(results([:]) == first)
  }

  /// What the head reads of residual streams behind the last layer.
  private static func headInput(of states: [Float], _ engine: CPUEngine) throws -> [Float] {
    let model = engine.model
    var program = StepProgram(model)
    let last = try #require(program.operations.lastIndex { $0.layer != nil })
    program.operations.removeFirst(last + 1)
    let rows = states.count / model.hidden
    let buffers = StepBuffers(model, maximumTokens: rows)
    let lowering = Lowering(
      program, ModelMemory(model: model, weights: engine.packed, buffers: buffers), workers: 1)
    buffers[.hidden].values.update(from: states, count: states.count)
    let segments = UnsafeMutablePointer<StepSegment>.allocate(capacity: 1)
    defer { segments.deallocate() }
    let step = StepState(
      rows: rows, tokens: buffers.positions, segments: segments, segmentCount: 0)
    try WorkerPool(count: 1).run { worker in
      for operation in lowering.operations { _ = operation.run(worker, step) }
    }
    let result = buffers[lowering.headInput]
    return Array(UnsafeBufferPointer(start: result.values, count: rows * result.width))
  }
}
