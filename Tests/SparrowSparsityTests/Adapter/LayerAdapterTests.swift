import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Sparse feed-forward layers in adapters.
@Suite struct LayerAdapterTests {
  static let hash = String(repeating: "0123456789abcdef", count: 4)

  static func adapter(_ plans: [Int: FeedForwardPlan] = AdapterLayers.plans) -> Adapter {
    Adapter(baseHash: hash, baseName: "base", plan: SparsePlan(networks: plans))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let read = try Adapter.read(folder.file("a"))
    #expect(read == Self.adapter())
    for (layer, plan) in read.plan.networks {
      try plan.validate(
        file: "", name: "\(layer)", network: AdapterLayers.network, hidden: AdapterLayers.hidden)
    }
  }

  @Test(arguments: [ElementType.f16, .q8_0, .q4_0], [32, nil])
  func readsEveryCodingOfMaps(_ type: ElementType, _ rank: Int?) throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(seed: 1)
    let maps = AdapterLayers.linear(type, rank: rank, groups: 8, &random)
    let plan = FeedForwardPlan(
      predictor: rank == nil ? .router(maps) : .lowRank(maps), selector: .threshold(0.25),
      groupSize: 8)
    try Self.adapter([7: plan]).write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")).plan.networks == [7: plan])
  }

  @Test(arguments: SketchCoding.allCases)
  func readsEveryCodingOfSketches(_ coding: SketchCoding) throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(seed: 1)
    let plan = FeedForwardPlan(
      predictor: .sketch(AdapterLayers.sketch(coding, &random)), selector: .topK(8))
    try Self.adapter([0: plan]).write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")).plan.networks == [0: plan])
  }

  /// A change to one plan and the part that the error must name.
  static let faults:
    [(layer: Int, part: String, change: @Sendable (inout FeedForwardPlan) -> Void)] = [
      (0, "group", { $0.groupSize = 5 }),
      (0, "selector", { $0.selector = .topK(-1) }),
      (0, "selector", { $0.selector = .topK(1 << 21) }),
      (4, "selector", { $0.selector = .threshold(-.infinity) }),
      (4, "kept", { $0.kept = .threshold(.infinity) }),
      (4, "kept", { $0.kept = .bucketedTopK(1, buckets: 0, perBucket: 1) }),
      (0, "order", { $0.order[3] = $0.order[4] }),
      (0, "order", { $0.order[3] = -1 }),
      (0, "common", { $0.common = [5, 0] }),
      (0, "common", { $0.common = [-1, 0] }),
      (0, "density", { $0.density = 1.5 }),
      (0, "density", { $0.density = .nan }),
      (6, "lookahead", { $0.lookahead = true }),
      (20, "lookahead", { $0.lookahead = true }),
      (4, "rest", { $0.rest = .estimate }),
      (7, "lookahead", { $0.lookahead = true }),
      (7, "kept", { $0.kept = .topK(2) }),
      (8, "lookahead", { $0.lookahead = true }),
      (8, "down", { $0.changeDown { $0.coding = .lowRankInt4 } }),
      (8, "down", { $0.changeDown { $0.coding = .product } }),
      (8, "down", { $0.changeDown { $0.bytes.removeLast() } }),
      (2, "a", { $0.changeMaps { $0.a = nil } }),
      (4, "a", { $0.changeMaps { $0.a = $0.b } }),
      (2, "a", { $0.changeMaps { $0.a?.bytes.removeLast() } }),
      (2, "b", { $0.changeMaps { $0.b.rows += 1 } }),
      (2, "bias", { $0.changeMaps { $0.bias.removeLast() } }),
      (2, "bias", { $0.changeMaps { $0.bias[0] = .nan } }),
    ]

  @Test(arguments: 0..<faults.count)
  func refusesToWriteWhatItWouldNotRead(index: Int) throws {
    let fault = Self.faults[index]
    var plans = AdapterLayers.plans
    fault.change(&plans[fault.layer]!)
    let folder = try TemporaryFolder()
    let error = #expect(throws: SparrowError.self) {
      try Self.adapter(plans).write(to: folder.file("a"))
    }
    #expect(error?.field == "layers.\(fault.layer).feed_forward.\(fault.part)")
    #expect(folder.names == [])
  }

  /// Plans that are whole but of another network's size.
  static let misfits:
    [(layer: Int, part: String, change: @Sendable (inout FeedForwardPlan) -> Void)] = [
      (0, "order", { $0.order = [1, 0] }),
      (0, "common", { $0.common = [8] }),
      (1, "group", { $0.groupSize = 32 }),
      (2, "b", { $0.groupSize = 16 }),
      (
        0, "sketch",
        { plan in
          if case .sketch(var sketch) = plan.predictor {
            sketch.rowCount = 127
            plan.predictor = .sketch(sketch)
          }
        }
      ),
      (8, "down", { $0.changeDown { $0.directions = 32 } }),
      (8, "down", { $0.changeDown { $0.bytes.removeLast(22) } }),
    ]

  @Test(arguments: 0..<misfits.count)
  func namesWhatDoesNotFitTheNetwork(index: Int) throws {
    let misfit = Self.misfits[index]
    var plan = try #require(AdapterLayers.plans[misfit.layer])
    misfit.change(&plan)
    var network = AdapterLayers.network
    if misfit.part == "group" { network.width = 72 }
    let error = #expect(throws: SparrowError.self) {
      try plan.validate(file: "f", name: "n", network: network, hidden: AdapterLayers.hidden)
    }
    #expect(error?.field == "n.\(misfit.part)")
    #expect(error?.file == "f")
  }

  /// A change to `adapter.json` and the field that the error must name.
  static let changes = [
    AdapterChange("\"layer\": 1,", "\"layer\": 0,", .malformed, "layers"),
    AdapterChange("\"layer\": 0,", "\"layer\": -1,", .malformed, "layers.layer"),
    AdapterChange("\"layer\": 0,", "\"later\": 0,", .malformed, "layers.layer"),
    AdapterChange("\"layer\": 5,", "\"layer\": 7,", .malformed, "layers.7.feed_forward.b"),
    AdapterChange("\"router\"", "\"oracle\"", .unsupported, "layers.4.feed_forward.predictor"),
    AdapterChange("\"router\"", "3", .malformed, "layers.4.feed_forward.predictor"),
    AdapterChange("\"q8_0\"", "\"q9_0\"", .unsupported, "layers.2.feed_forward.coding"),
    AdapterChange("\"q8_0\"", "\"f16\"", .malformed, "layers.2.feed_forward.b"),
    AdapterChange("\"q8_0\"", "\"q4_0\"", .malformed, "layers.2.feed_forward.b"),
    AdapterChange("\"q4_0\"", "\"f16\"", .malformed, "layers.4.feed_forward.b"),
    AdapterChange("\"f16\"", "\"q8_0\"", .malformed, "layers.5.feed_forward.b"),
    AdapterChange("\"product\"", "\"int4\"", .malformed, "layers.0.feed_forward.rows"),
    AdapterChange("\"rows\": 128", "\"rows\": 0", .malformed, "layers.0.feed_forward.rows"),
    AdapterChange("\"hidden\": 32", "\"hidden\": 48", .malformed, "layers.0.feed_forward.hidden"),
    AdapterChange(
      "\"deviation\": 0.5", "\"deviation\": -1", .malformed, "layers.0.feed_forward.deviation"),
    AdapterChange("\"group\": 32", "\"group\": 33", .malformed, "layers.4.feed_forward.group"),
    AdapterChange("\"group\": 32", "\"group\": 31", .malformed, "layers.4.feed_forward.group"),
    AdapterChange("\"selector\"", "\"other\"", .malformed, "layers.0.feed_forward.selector"),
    AdapterChange(
      "\"kind\": \"top_k\"", "\"kind\": \"k\"", .unsupported,
      "layers.0.feed_forward.selector.kind"),
    AdapterChange("\"k\": 3", "\"k\": -3", .malformed, "layers.0.feed_forward.selector.k"),
    AdapterChange("\"k\": 9", "\"k\": 1e9", .malformed, "layers.0.feed_forward.kept.k"),
    AdapterChange(
      "\"buckets\": 4", "\"buckets\": 0", .malformed, "layers.1.feed_forward.selector.buckets"),
    AdapterChange(
      "\"per_bucket\": 2", "\"per_bucket\": \"2\"", .malformed,
      "layers.1.feed_forward.selector.per_bucket"),
    AdapterChange(
      "\"value\": 0.125", "\"value\": null", .malformed, "layers.4.feed_forward.kept.value"),
    AdapterChange(
      "\"lookahead\": true", "\"lookahead\": 1", .malformed, "layers.1.feed_forward.lookahead"),
    AdapterChange(
      "\"density\": 0.375", "\"density\": 2", .malformed, "layers.0.feed_forward.density"),
    AdapterChange(
      "\"density\": 0.375", "\"density\": \"a\"", .malformed, "layers.0.feed_forward.density"),
  ]

  @Test(arguments: changes)
  func namesTheField(change: AdapterChange) throws { try change.expectRefusal(of: Self.adapter()) }

  @Test(arguments: ["adapter.json", "adapter.safetensors"])
  func neverTraps(name: String) throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let seed = try folder.read("a/" + name)
    // What lies in tensors is checked as numbers are; their table is where a file can lie.
    let table = name == "adapter.json" ? seed.count : min(seed.count, 6000)
    var mutator = Mutator(seed: 23)
    for _ in 0..<300 {
      try folder.write("a/" + name, mutator.mutate(Array(seed[..<table])) + seed[table...])
      do throws(SparrowError) {
        let adapter = try Adapter.read(folder.file("a"))
        for (layer, plan) in adapter.plan.networks {
          try plan.validate(
            file: "f", name: "\(layer)", network: AdapterLayers.network,
            hidden: AdapterLayers.hidden)
        }
      } catch { #expect(!error.file.isEmpty) }
    }
  }
}

extension FeedForwardPlan {
  /// Changes the linear maps of a predictor that has them.
  fileprivate mutating func changeDown(_ change: (inout SketchRows) -> Void) {
    guard case .sketch(var down) = rest else { return }
    change(&down)
    rest = .sketch(down: down)
  }

  fileprivate mutating func changeMaps(_ change: (inout LinearPredictor) -> Void) {
    switch predictor {
    case .lowRank(var maps):
      change(&maps)
      predictor = .lowRank(maps)
    case .router(var maps):
      change(&maps)
      predictor = .router(maps)
    default: break
    }
  }
}
