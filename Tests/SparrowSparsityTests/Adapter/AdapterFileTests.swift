import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import Testing

/// Adapters on disk: what is written is read again, and whatever else lies there is refused.
@Suite struct AdapterFileTests {
  /// A small adapter with every part filled.
  static func adapter() -> Adapter {
    var random = SeededRandom(seed: 3)
    func floats(_ count: Int) -> [Float] { (0..<count).map { _ in random.uniform() - 0.5 } }
    func bytes(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    // 70 rows in two blocks; 3 groups in two pairs.
    var bias = [UInt16](repeating: 0x3C00, count: 128)
    for row in 70..<128 { bias[row] = 0xFC00 }
    let sketch = RowSketch(
      rowCount: 70, hidden: 32, mean: floats(32), meanRow: floats(32), basis: bytes(32 * 34),
      bounds: [0, 1, 4, 9], centroids: floats(16 * 9), codes: bytes(2 * 2 * 64), bias: bias,
      deviation: 1.25)
    let plan = VocabularyPlan(
      candidates: 16, kept: 4, doubt: 2.5,
      recalls: [.init(doubt: 0, recall: 0.5), .init(doubt: 1, recall: 0.75)], widestBatch: 5)
    let hash = String(repeating: "0123456789abcdef", count: 4)
    return Adapter(
      baseHash: hash, baseName: "a \"base\".gguf",
      plan: SparsePlan(head: SketchedVocabulary(plan: plan, sketch: sketch), widestBatch: 3))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    let place = folder.file("new/folders/adapter")
    let adapter = Self.adapter()
    try adapter.write(to: place)
    #expect(try Adapter.read(place) == adapter)
    #expect(try Adapter.read(place).plan.widestBatch == 3)
    #expect(try Adapter.read(place).plan.head?.plan.widestBatch == 5)
    try Adapter(baseHash: adapter.baseHash, baseName: "dense").write(to: place + "/")
    #expect(try Adapter.read(place).plan.head == nil)
    #expect(folder.names == ["new"])
  }

  @Test func replacesOnlyAdapters() throws {
    let folder = try TemporaryFolder()
    try folder.write("diary.txt", "precious")
    #expect(throws: SparrowError.self) { try Self.adapter().write(to: folder.path) }
    #expect(throws: SparrowError.self) { try Self.adapter().write(to: folder.file("diary.txt")) }
    #expect(folder.names == ["diary.txt"])
  }

  static let faults: [(field: String, change: @Sendable (inout Adapter) -> Void)] = [
    ("head.deviation", { $0.plan.head?.sketch.deviation = .nan }),
    ("head.widest_batch", { $0.plan.head?.plan.widestBatch = 4097 }),
    ("base.hash", { $0.baseHash = "0123" }),
    ("widest_batch", { $0.plan.widestBatch = 0 }),
    ("widest_batch", { $0.plan.widestBatch = 4097 }),
    ("layers", { $0.plan.networks[-1] = FeedForwardPlan(predictor: .exact, selector: .topK(1)) }),
    ("layers", { $0.plan.attention[1000] = AttentionPlan(predictor: .exact, selector: .topK(1)) }),
  ]

  @Test(arguments: 0..<faults.count)
  func refusesToWriteWhatItWouldNotRead(index: Int) throws {
    let folder = try TemporaryFolder()
    var adapter = Self.adapter()
    Self.faults[index].change(&adapter)
    let error = #expect(throws: SparrowError.self) { try adapter.write(to: folder.file("a")) }
    #expect(error?.kind == .malformed && error?.field == Self.faults[index].field)
    #expect(folder.names == [])
  }

  /// As those were before batches were timed.
  @Test func anAdapterWithoutAWidestBatchTakesAll() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let text = String(decoding: try folder.read("a/adapter.json"), as: UTF8.self)
    try folder.write("a/adapter.json", text.replacing("\"widest_batch\": 3", with: "\"other\": 3"))
    #expect(try Adapter.read(folder.file("a")).plan.widestBatch == BatchLimit.none)
  }

  @Test func namesTheModelItWasMadeFor() throws {
    let adapter = Self.adapter()
    try adapter.check(base: adapter.baseHash, name: "other.gguf")
    let other = String(repeating: "f", count: 64)
    let error = #expect(throws: SparrowError.self) {
      try adapter.check(base: other, name: "other.gguf")
    }
    #expect(error?.kind == .mismatch)
    #expect(error?.description.contains("a \\\"base\\\".gguf") == true)
  }

  /// A change to `adapter.json` and the field that the error must name.
  static let changes = [
    AdapterChange("\"version\": 2", "\"version\": 3", .unsupported, "version"),
    AdapterChange("\"version\": 2", "\"version\": \"1\"", .malformed, "version"),
    AdapterChange("\"version\"", "\"other\"", .malformed, "version"),
    AdapterChange("\"base\"", "\"other\"", .malformed, "base"),
    AdapterChange("0123456789abcdef0123", "0123456789abcdeg0123", .malformed, "base.hash"),
    AdapterChange("\"sketch\"", "\"oracle\"", .unsupported, "head.predictor"),
    AdapterChange("\"candidates\": 16", "\"candidates\": 3", .malformed, "head.candidates"),
    AdapterChange("\"candidates\": 16", "\"candidates\": 1e99", .malformed, "head.candidates"),
    AdapterChange("\"kept\": 4", "\"kept\": 0", .malformed, "head.kept"),
    AdapterChange("\"doubt\": 2.5", "\"doubt\": -1", .malformed, "head.doubt"),
    AdapterChange("\"doubt\": 2.5", "\"doubt\": 1e300", .malformed, "head.doubt"),
    AdapterChange("\"recall\": 0.75", "\"recall\": 1.75", .malformed, "head.recalls"),
    AdapterChange("\"recall\": 0.75", "\"recall\": null", .malformed, "head.recalls.recall"),
    AdapterChange("\"rows\": 70", "\"rows\": 129", .malformed, "head.bias"),
    AdapterChange("\"product\"", "\"oracle\"", .unsupported, "head.coding"),
    AdapterChange("\"product\"", "\"low-rank\"", .malformed, "head.rows"),
    AdapterChange("\"rows\": 70", "\"rows\": 9223372036854775807", .malformed, "head.rows"),
    AdapterChange("\"hidden\": 32", "\"hidden\": 33", .malformed, "head.hidden"),
    AdapterChange("\"hidden\": 32", "\"hidden\": 64", .malformed, "head.mean"),
    AdapterChange("\"deviation\": 1.25", "\"deviation\": 0", .malformed, "head.deviation"),
    AdapterChange("\"widest_batch\": 3", "\"widest_batch\": 0", .malformed, "widest_batch"),
    AdapterChange("\"widest_batch\": 3", "\"widest_batch\": 4097", .malformed, "widest_batch"),
    AdapterChange("\"widest_batch\": 3", "\"widest_batch\": \"3\"", .malformed, "widest_batch"),
  ]

  @Test(arguments: changes)
  func namesTheField(change: AdapterChange) throws { try change.expectRefusal(of: Self.adapter()) }

  @Test(arguments: ["adapter.json", "adapter.safetensors"])
  func needsBothFiles(name: String) throws {
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let kept = name == "adapter.json" ? "adapter.safetensors" : "adapter.json"
    try other.write(kept, folder.read("a/" + kept))
    let error = #expect(throws: SparrowError.self) { try Adapter.read(other.path) }
    #expect(error?.kind == .system)
    #expect(error?.file == other.file(name))
  }

  @Test(arguments: ["adapter.json", "adapter.safetensors"])
  func neverTraps(name: String) throws {
    try expectNoTrap(of: Self.adapter(), damaging: name, times: 400, seed: 17) {
      adapter throws(SparrowError) in try adapter.plan.head?.sketch.validate(file: "")
    }
  }
}
