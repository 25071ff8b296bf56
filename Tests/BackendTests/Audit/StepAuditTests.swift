import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What an audit counts, and that nothing else notices it.
@Suite(.serialized) struct StepAuditTests {
  private static func attention(
    _ backend: TestBackend, _ name: String, threads: Int = 2,
    _ plans: (ModelConfiguration) -> [Int: AttentionPlan]
  ) throws -> any Backend {
    try backend.open(Fixtures.path("models/" + name), threads: threads) {
      SparsePlan(attention: plans($0))
    }
  }

  @Test(
    "recall is of the greatest |activation| times |column of down|", arguments: TestBackend.all,
    [1, 8])
  func recallIsItsDefinition(backend: TestBackend, group: Int) throws {
    let (hidden, width) = (96, 160)
    let order = (0..<width).map { Int32(($0 * 37 + 11) % width) }
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.router.make(
        hidden: hidden, width: width, group: group, isGated: true),
      selector: .topK(width / group / 4), groupSize: group, order: order)
    let binding = try WeightBinding(NetworkModel(type: .f32))
    for rows in [1, 3] {
      let run = try ComparedRun(
        backend, binding, threads: rows == 1 ? 2 : 1, sequences: rows,
        SparsePlan(networks: [0: plan]))
      let tokens = (0..<Int32(rows)).map { 3 + 5 * $0 }
      let down = run.backend.weights.values(WeightRole(.down, layer: 0), of: binding)
      let lengths = (0..<width).map { neuron in
        (0..<hidden).reduce(Float(0)) { sum, row in
          let weight = down[row * width + neuron]
          return sum + weight * weight
        }.squareRoot()
      }
      let activations = try run.backend.activations(of: tokens)
      let audit = run.backend.makeAudit()
      run.audit = audit
      #expect(run.start(tokens).allSatisfy { $0 < 1e-5 })
      var counts = [Int32](repeating: 0, count: width / group)
      var recall = 0.0
      for row in tokens.indices {
        let sizes = zip(activations[row], lengths).map { abs($0) * $1 }
        let selected = run.neurons(row: row)
        let greatest = sizes.indices.sorted { sizes[$0] > sizes[$1] }.prefix(selected.count)
        let found = Set(greatest.map(Int32.init)).intersection(selected)
        recall += Double(found.count) / Double(selected.count)
        for place in stride(from: 0, to: width, by: group) where selected.contains(order[place]) {
          counts[place / group] += 1
        }
      }
      let layer = try #require(audit.layers.first)
      #expect(audit.layers.count == 1 && layer.steps == rows && layer.counts == counts)
      #expect(layer.selected == rows * (width / group / 4))
      #expect(abs(try #require(layer.recallSum) - recall) < 1e-9)
      #expect(recall > 0 && recall < Double(rows))
    }
  }

  @Test(arguments: TestBackend.all)
  func neuronsThatDoNotFireNeedNotBeFound(backend: TestBackend) throws {
    let file = NetworkModel(type: .f32, isGated: false, activation: "relu")
    let plan = FeedForwardPlan(predictor: .exact, selector: .topK(159))
    let run = try ComparedRun(
      backend, WeightBinding(file), threads: 1, sequences: 2, SparsePlan(networks: [0: plan]))
    let audit = run.backend.makeAudit()
    run.audit = audit
    #expect(run.start([1, 2]).allSatisfy { $0 < 1e-5 })
    #expect(audit.layers[0].recall == 1 && audit.layers[0].density == 159.0 / 160)
  }

  /// opt-350m's networks read the residual stream itself; predictors that look ahead select early.
  @Test(
    "results are the same bits with and without", arguments: TestBackend.all,
    ["opt-350m", "gemma3", "llama3"])
  func resultsStay(backend: TestBackend, name: String) throws {
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(12))
    let own = try backend.open(Fixtures.path("models/" + name)) { model in
      var plans = NetworkPlans.all(.router, group: 8) { .topK($0 / 2) }(model)
      for layer in plans.keys where layer > 0 { plans[layer]!.lookahead = name == "llama3" }
      return SparsePlan(networks: plans)
    }
    let plain = try logits(own, tokens, chunk: 1)
    let audit = own.makeAudit()
    let probes = StepProbes(audit: audit)
    #expect(try logits(own, tokens, chunk: 1, probes: probes) == plain)
    #expect(try logits(own, tokens, chunk: 1) == plain)
    _ = try logits(own, tokens, chunk: 1, isDense: true, probes: probes)
    #expect(audit.layers.count == own.model.layers.count)
    for layer in audit.layers { #expect(layer.steps == 12 && layer.density == 0.5) }
  }

  /// The first layer's input is that of the dense model, and so are its heads' results.
  @Test(
    "recall of head groups is of those that add most behind the output matrix",
    arguments: TestBackend.all, [1, 2])
  func recallOfHeadGroups(backend: TestBackend, threads: Int) throws {
    let own = try Self.attention(backend, "llama3", threads: threads) {
      [0: AttentionPlans.evenHeads($0)[0]!]
    }
    let norms = HeadGroupNorms(
      own.weights, layer: 0, attention: own.model.layers[0].attention,
      pool: try WorkerPool(count: threads))
    var work = [Float](repeating: 0, count: norms.width)
    var found = 0
    var lengths = [Float](repeating: 0, count: norms.groups)
    let tokens = Array(try Fixtures.expected("llama3").tokens.prefix(24))
    let observer = StepProbes(observer: { seen in
      guard seen.subject == .attention, seen.layer == 0 else { return }
      norms.lengths(of: seen.result(row: 0), count: 1, work: &work, into: &lengths)
      found += lengths[0] >= lengths[1] ? 1 : 0
    })
    _ = try logits(own, tokens, chunk: 1, isDense: true, probes: observer)
    let plain = try logits(own, tokens, chunk: 1)
    let audit = own.makeAudit()
    #expect(try logits(own, tokens, chunk: 1, probes: StepProbes(audit: audit)) == plain)
    let layer = try #require(audit.layers.first)
    #expect(norms.groups == 2 && audit.layers.count == 1 && layer.density == 0.5)
    #expect(found > 0 && found < tokens.count)
    #expect(layer.recallSum == Double(found))
  }

  @Test(
    "heads are audited in sliding windows and with norms of their own", arguments: TestBackend.all,
    ["mistral", "qwen3"])
  func auditedHeadsLeaveResults(backend: TestBackend, name: String) throws {
    let own = try Self.attention(backend, name) { AttentionPlans.halves($0, lookahead: true) }
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(20))
    let plain = try logits(own, tokens, chunk: 1)
    let audit = own.makeAudit()
    #expect(try logits(own, tokens, chunk: 1, probes: StepProbes(audit: audit)) == plain)
    #expect(audit.layers.count == own.model.layers.count)
    for layer in audit.layers { #expect(layer.steps == 20 && (0...1).contains(layer.recall!)) }
  }

  @Test(arguments: TestBackend.all)
  func headsOfMultiHeadModelsAreCountedWithoutRecall(backend: TestBackend) throws {
    let own = try Self.attention(backend, "opt", AttentionPlans.evenHeads)
    let audit = own.makeAudit()
    _ = try logits(own, [6, 7, 8], chunk: 1, probes: StepProbes(audit: audit))
    let groups = own.model.layers[0].attention.keyValueHeads
    let expected = (0..<groups).map { Int32($0 % 2 == 0 ? 3 : 0) }
    #expect(audit.layers.map(\.layer) == Array(own.model.layers.indices))
    for layer in audit.layers {
      #expect(layer.kind == .attention && layer.counts == expected && layer.recall == nil)
    }
  }
}
