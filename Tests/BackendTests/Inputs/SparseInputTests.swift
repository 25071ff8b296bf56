import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Masked-dense identity: matrices that read large inputs only give what they give with the small
/// ones zeroed.
@Suite(.serialized) struct SparseInputTests {
  @Test(
    "small inputs count as zeros, in every family", arguments: TestBackend.all,
    0..<Fixtures.models.count)
  func families(backend: TestBackend, index: Int) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + Fixtures.models[index]))
    let some: [[LayerInput]] = [
      LayerInput.allCases, [.attention, .down], [.output, .feedForward],
    ]
    let plan = SparsePlan(inputs: InputPlans.all(binding.configuration, 0.5, some[index % 3]))
    let batch = 2 + index % 7
    let run = try ComparedRun(
      backend, binding, threads: 1 + index % 2, sequences: batch, plan)
    for (turn, rows) in [1, batch, batch].enumerated() {
      let tokens = (0..<rows).map {
        Int32((turn * 13 + $0 * 5) % binding.configuration.vocabulary)
      }
      for error in run.decode(tokens) { #expect(error < 1e-5, "batch of \(rows)") }
      guard turn == 0 else { continue }
      #expect(run.steps[0].selected.inputs == run.ownSelections(tokens[0]).inputs)
    }
  }

  @Test(
    "density 1 is the dense model, in every family", arguments: TestBackend.all, Fixtures.models)
  func everything(backend: TestBackend, name: String) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(8))
    for threshold: Float in [0, -1] {
      let own = try backend.open(binding) { SparsePlan(inputs: InputPlans.all($0, threshold)) }
      let sparse = try logits(own, tokens, chunk: 1)
      let dense = try logits(own, tokens, chunk: 1, isDense: true)
      #expect(sparse != dense, "the sparse program did not run")
      #expect(relativeError(sparse, dense) <= 2e-5)
    }
  }

  @Test("every format, batches of 1 to 8", arguments: TestBackend.all, ElementType.weightTypes)
  func formats(backend: TestBackend, type: ElementType) throws {
    let turn = try #require(ElementType.weightTypes.firstIndex(of: type))
    let plan = InputPlan([.feedForward: .init(0.6), .down: .init(0.05)])
    for file in SparseNetworkTests.files(type, turn: turn) {
      let run = try ComparedRun(
        backend, WeightBinding(file), threads: 1 + turn % 3, sequences: 8,
        SparsePlan(inputs: [0: plan]))
      for batch in [1, 2 + turn % 7] {
        let tokens = (0..<Int32(batch)).map { $0 * 3 }
        #expect(run.start(tokens).allSatisfy { $0 < 1e-5 }, "batch of \(batch)")
        let last = run.steps[batch - 1].selected.inputs
        #expect(last.count == 2 && last == run.ownSelections(tokens[batch - 1]).inputs)
      }
    }
  }

  @Test("the widest batch is sparse, and dense where that is asked", arguments: TestBackend.all)
  func widestBatch(backend: TestBackend) throws {
    let own = try backend.open(WeightBinding(NetworkModel(type: .q8_0)), threads: 1) { _ in
      SparsePlan(inputs: [0: InputPlan([.down: .init(0.1)])])
    }
    let (sparse, dense) = try own.sparseAndDense(width: own.sparseBatch)
    #expect(sparse != dense)
  }

  @Test(
    "sparse inputs beside selected neurons, and beside selected heads", arguments: TestBackend.all)
  func beside(backend: TestBackend) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/llama3"))
    let model = binding.configuration
    let networks = NetworkPlans.all(.exact) { .topK($0 / 2) }(model)
    let plans = [
      SparsePlan(networks: networks, inputs: InputPlans.all(model, 0.5, [.attention, .output])),
      SparsePlan(
        attention: AttentionPlans.halves(model),
        inputs: InputPlans.all(model, 0.5, [.feedForward, .down])),
    ]
    for plan in plans {
      let run = try ComparedRun(backend, binding, sequences: 2, plan)
      #expect(run.prompt([1, 2, 3], of: 1) < 1e-5)
      for turn: Int32 in 0..<6 {
        #expect(run.decode([7 + turn, 50 - turn]).allSatisfy { $0 < 1e-5 })
      }
    }
  }

  @Test("an audit counts the inputs that are kept, and changes nothing", arguments: TestBackend.all)
  func audit(backend: TestBackend) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/gemma3"))
    let own = try backend.open(binding) { SparsePlan(inputs: InputPlans.all($0, 0.5)) }
    func step(_ probes: StepProbes?) throws -> [[Float]] {
      let sequences = try (0..<2).map { _ in try own.sequence(capacity: 16, type: .f32) }
      own.step(.decode([3, 4], of: sequences, probes: probes))
      return (0..<2).map { Array(own.hidden(row: $0)) }
    }
    let audit = own.makeAudit()
    var kept: [InputSource: Int] = [:]
    let probes = StepProbes(
      audit: audit,
      selections: { seen in
        guard case .inputs(let input) = seen.part else { return }
        kept[InputSource(layer: seen.layer, input: input), default: 0] += seen.indices.count
      })
    #expect(try step(nil) == step(probes))
    #expect(audit.layers.count == 4 * own.model.layers.count && kept.count == audit.layers.count)
    for layer in audit.layers {
      #expect(layer.steps == 2 && layer.recall == nil)
      #expect(layer.density > 0.05 && layer.density < 0.95)
      let input = try #require(LayerInput.allCases.first { .init($0) == layer.kind })
      #expect(kept[InputSource(layer: layer.layer, input: input)] == layer.selected)
    }
  }
}
