import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// What an audit counts, and that nothing else notices it.
@Suite(.serialized) struct StepAuditTests {
  @Test(
    "recall is of the greatest |activation| times |column of down|", arguments: [1, 8], [1, 3])
  func recallIsItsDefinition(group: Int, rows: Int) throws {
    let (hidden, width) = (96, 160)
    let order = (0..<width).map { Int32(($0 * 37 + 11) % width) }
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.router.make(
        hidden: hidden, width: width, group: group, isGated: true),
      selector: .topK(width / group / 4), groupSize: group, order: order)
    let network = try SparseNetwork(NetworkModel(type: .f32), threads: rows == 1 ? 2 : 1, [0: plan])
    let audit = network.engine.makeAudit()
    network.audit = audit
    let tokens = (0..<Int32(rows)).map { 3 + 5 * $0 }
    network.step(tokens)
    let down = network.matrix(.down, 0)
    let all = (0..<Int32(width)).map { $0 }
    var counts = [Int32](repeating: 0, count: width / group)
    var recall = 0.0
    for (row, token) in tokens.enumerated() {
      let x = network.networkInput(0, network.embedding(token).map(Double.init))
      let sizes = network.activations(0, x, of: all).enumerated().map { neuron, activation in
        let squares = (0..<hidden).reduce(0.0) { sum, row in
          let weight = Double(down[row * width + neuron])
          return sum + weight * weight
        }
        return abs(activation) * squares.squareRoot()
      }
      let selected = network.selected(row: row)
      let greatest = all.sorted { sizes[Int($0)] > sizes[Int($1)] }.prefix(selected.count)
      recall += Double(Set(greatest).intersection(selected).count) / Double(selected.count)
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

  /// Where the rest is estimated, each worker selects for its own share.
  @Test func seesWhatAllWorkersHaveSelected() throws {
    let file = NetworkModel(type: .f32)
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.int5.make(hidden: 96, width: 160, group: 1, isGated: true),
      selector: .threshold(0), rest: .estimate)
    var layers: [LayerActivity] = []
    for threads in 1...3 {
      let probe = try SparseNetwork(file, threads: threads, [0: plan])
      probe.step([4])
      let scores = probe.scores(row: 0, count: 160).sorted()
      var own = plan
      own.selector = .threshold(scores[120])
      let network = try SparseNetwork(file, threads: threads, [0: own])
      let audit = network.engine.makeAudit()
      network.audit = audit
      network.step([4])
      #expect(network.selected(row: 0).count == 40)
      #expect(network.selected(row: 0) == network.selected(row: 0).sorted())
      #expect(network.engine.networks!.scores[0]!.reads.mean?.neurons == 40)
      layers.append(audit.layers[0])
    }
    #expect(layers[0].density == 0.25 && layers.allSatisfy { $0.recall == layers[0].recall })
  }

  @Test func neuronsThatDoNotFireNeedNotBeFound() throws {
    let file = NetworkModel(type: .f32, isGated: false, activation: "relu")
    let plan = FeedForwardPlan(predictor: .exact, selector: .topK(159))
    let network = try SparseNetwork(file, threads: 1, [0: plan])
    let audit = network.engine.makeAudit()
    network.audit = audit
    network.step([1, 2])
    #expect(audit.layers[0].recall == 1 && audit.layers[0].density == 159.0 / 160)
  }

  /// opt-350m's networks read the residual stream itself; predictors that look ahead select early.
  @Test("results are the same bits with and without", arguments: ["opt-350m", "gemma3", "llama3"])
  func resultsStay(name: String) throws {
    let tokens = try Fixtures.expected(name).tokens.prefix(12)
    let engine = try engine(
      Fixtures.path("models/" + name), threads: 2,
      layers: { model in
        var plans = SparseStepTests.plans(.router, group: 8) { .topK($0 / 2) }(model)
        for layer in plans.keys where layer > 0 { plans[layer]!.lookahead = name == "llama3" }
        return plans
      })
    let plain = try logits(engine, Array(tokens), chunk: 1)
    let audit = engine.makeAudit()
    let probes = StepProbes(audit: audit)
    #expect(try logits(engine, Array(tokens), chunk: 1, probes: probes) == plain)
    #expect(try logits(engine, Array(tokens), chunk: 1) == plain)
    _ = try logits(engine, Array(tokens), chunk: 1, isDense: true, probes: probes)
    #expect(audit.layers.count == engine.model.layers.count)
    for layer in audit.layers { #expect(layer.steps == 12 && layer.density == 0.5) }
  }

  /// The first layer's input is that of the dense model, and so are its heads' results.
  @Test(
    "recall of head groups is of those that add most behind the output matrix", arguments: [1, 2])
  func recallOfHeadGroups(threads: Int) throws {
    let engine = try SparseAttentionTests.engine("llama3", threads: threads) { model in
      [0: AttentionPlans.evenHeads(model)[0]!]
    }
    let attention = engine.model.layers[0].attention
    let norms = HeadGroupNorms(
      engine.weights, layer: 0, attention: attention, pool: engine.pool)
    var work = [Float](repeating: 0, count: norms.width)
    var found = 0
    var lengths = [Float](repeating: 0, count: norms.groups)
    let tokens = try Fixtures.expected("llama3").tokens.prefix(24)
    let observer = StepProbes(observer: { seen in
      guard seen.subject == .attention, seen.layer == 0 else { return }
      norms.lengths(of: seen.result(row: 0), count: 1, work: &work, into: &lengths)
      found += lengths[0] >= lengths[1] ? 1 : 0
    })
    _ = try logits(engine, Array(tokens), chunk: 1, isDense: true, probes: observer)
    let plain = try logits(engine, Array(tokens), chunk: 1)
    let audit = engine.makeAudit()
    #expect(
      try logits(engine, Array(tokens), chunk: 1, probes: StepProbes(audit: audit)) == plain)
    let layer = try #require(audit.layers.first)
    #expect(norms.groups == 2 && audit.layers.count == 1 && layer.density == 0.5)
    #expect(found > 0 && found < tokens.count)
    #expect(layer.recallSum == Double(found))
  }

  @Test(
    "heads are audited in sliding windows and with norms of their own",
    arguments: ["mistral", "qwen3"])
  func auditedHeadsLeaveResults(name: String) throws {
    let engine = try SparseAttentionTests.engine(name) {
      AttentionPlans.halves($0, lookahead: true)
    }
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(20))
    let plain = try logits(engine, tokens, chunk: 1)
    let audit = engine.makeAudit()
    #expect(try logits(engine, tokens, chunk: 1, probes: StepProbes(audit: audit)) == plain)
    #expect(audit.layers.count == engine.model.layers.count)
    for layer in audit.layers { #expect(layer.steps == 20 && (0...1).contains(layer.recall!)) }
  }

  @Test func headsOfMultiHeadModelsAreCountedWithoutRecall() throws {
    let engine = try SparseAttentionTests.engine("opt", AttentionPlans.evenHeads)
    let cache = try engine.sequence(capacity: 16)
    let audit = engine.makeAudit()
    _ = SparseAttentionTests.step(engine, [5], cache)
    for token: Int32 in [6, 7, 8] {
      _ = SparseAttentionTests.step(engine, [token], cache, audit: audit)
    }
    let groups = engine.model.layers[0].attention.keyValueHeads
    let expected = (0..<groups).map { Int32($0 % 2 == 0 ? 3 : 0) }
    #expect(audit.layers.map(\.layer) == Array(engine.model.layers.indices))
    for layer in audit.layers {
      #expect(layer.kind == .attention && layer.counts == expected && layer.recall == nil)
    }
  }
}
