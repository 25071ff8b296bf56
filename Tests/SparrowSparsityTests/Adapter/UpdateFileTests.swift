import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Low-rank updates and replaced vectors in adapters.
@Suite struct UpdateFileTests {
  private static let gate = WeightRole(.gate, layer: 1)
  private static let norm = WeightRole(.attentionNorm, layer: 0)

  private static func update(_ type: ElementType, rank: Int, seed: UInt64 = 1) -> LowRankUpdate {
    var random = SeededRandom(seed: seed)
    func matrix(_ rows: Int, _ columns: Int) -> PredictorMatrix {
      PredictorMatrix(
        rows: rows, columns: columns, type: type,
        bytes: type.randomBytes(elements: rows * columns, &random))
    }
    return LowRankUpdate(a: matrix(rank, 64), b: matrix(48, rank), scale: 0.3)
  }

  private static func adapter() -> Adapter {
    Adapter(
      baseHash: LayerAdapterTests.hash, baseName: "base",
      updates: WeightUpdates(
        matrices: [
          gate: update(.f16, rank: 3),
          WeightRole(.tokenEmbedding): update(.q8_0, rank: 32, seed: 2),
        ],
        vectors: [norm: [1, -0.5, 3e-9], WeightRole(.finalNorm): [2]]))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == Self.adapter())
  }

  @Test func readsVectorsInHalfPrecision() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    try rewrite(folder, replacing: "vectors.finalNorm", .f16, [1], [0x00, 0xC1])
    #expect(try Adapter.read(folder.file("a")).updates.vectors[WeightRole(.finalNorm)] == [-2.5])
  }

  /// As those were before there were updates.
  @Test func anAdapterWithoutUpdatesChangesNoWeights() throws {
    let folder = try TemporaryFolder()
    try LayerAdapterTests.adapter().write(to: folder.file("a"))
    let text = String(decoding: try folder.read("a/adapter.json"), as: UTF8.self)
    try folder.write(
      "a/adapter.json",
      text.replacing("\"updates\"", with: "\"x\"").replacing("\"vectors\"", with: "\"y\""))
    #expect(try Adapter.read(folder.file("a")) == LayerAdapterTests.adapter())
  }

  static let changes = [
    AdapterChange("\"gate\"", "\"gates\"", .unsupported, "updates.role"),
    AdapterChange("\"gate\"", "7", .malformed, "updates.role"),
    AdapterChange("\"gate\"", "\"up\"", .malformed, "updates.layers.1.up.a"),
    AdapterChange("\"layer\": 1", "\"layer\": 2", .malformed, "updates.layers.2.gate.a"),
    AdapterChange("\"layer\": 1", "\"layer\": -1", .malformed, "updates.layer"),
    AdapterChange("\"f16\"", "\"q4_0\"", .unsupported, "updates.coding"),
    AdapterChange("\"f16\"", "\"q8_0\"", .malformed, "updates.layers.1.gate.a"),
    AdapterChange("\"q8_0\"", "\"f16\"", .malformed, "updates.tokenEmbedding.a"),
    AdapterChange("\"scale\"", "\"other\"", .malformed, "updates.scale"),
    AdapterChange("\"scale\": 0.3", "\"scale\": 1e99, \"x\": 0.3", .malformed, "updates.scale"),
    AdapterChange("\"attentionNorm\"", "\"norm\"", .unsupported, "vectors.role"),
    AdapterChange("\"attentionNorm\"", "\"up\"", .malformed, "vectors.layers.0.up"),
  ]

  @Test(arguments: changes)
  func namesTheField(change: AdapterChange) throws { try change.expectRefusal(of: Self.adapter()) }

  @Test func refusesARoleTwice() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let text = String(decoding: try folder.read("a/adapter.json"), as: UTF8.self)
    for (list, entry) in [
      ("updates", "{\"role\": \"gate\", \"layer\": 1, \"scale\": 1},"),
      ("vectors", "{\"role\": \"finalNorm\"},"),
    ] {
      try folder.write(
        "a/adapter.json", text.replacing("\"\(list)\": [", with: "\"\(list)\": [" + entry))
      let error = #expect(throws: SparrowError.self) { try Adapter.read(folder.file("a")) }
      #expect(error?.kind == .malformed && error?.field == list)
    }
  }

  /// A change to the update of the gate or the norm, and the part that the error must name.
  static let faults: [(field: String, change: @Sendable (inout Adapter) -> Void)] = [
    ("updates.layers.1.gate.a", { $0.updates.matrices[gate]?.a.rows = 4 }),
    ("updates.layers.1.gate.b", { $0.updates.matrices[gate]?.b = update(.f16, rank: 4).b }),
    ("updates.layers.1.gate.a", { $0.updates.matrices[gate]?.a = update(.q4_0, rank: 3).a }),
    ("updates.layers.1.gate.a", { $0.updates.matrices[gate]?.a = update(.q8_0, rank: 3).a }),
    ("updates.layers.1.gate.scale", { $0.updates.matrices[gate]?.scale = .nan }),
    ("updates.layers.1.gate.b", { $0.updates.matrices[gate]?.b.bytes[7] = 0x7E }),
    (
      "updates.tokenEmbedding.a",
      { $0.updates.matrices[WeightRole(.tokenEmbedding)]?.a.bytes[35] = 0xFC }
    ),
    ("updates", { $0.updates.matrices[WeightRole(.gate, layer: 1000)] = update(.f16, rank: 1) }),
    ("vectors.layers.0.attentionNorm", { $0.updates.vectors[norm]?[1] = .infinity }),
    ("vectors", { $0.updates.vectors[WeightRole(.upBias, layer: -1)] = [1] }),
    (
      "vectors",
      { for layer in 0..<999 { $0.updates.vectors[WeightRole(.up, layer: layer)] = [1] } }
    ),
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

  @Test(arguments: [
    ("updates.layers.1.gate.b", ElementType.f16, [48, 3], [UInt8](repeating: 0xFF, count: 288)),
    ("updates.layers.1.gate.a", .f32, [3, 64], [UInt8](repeating: 0, count: 768)),
    ("updates.layers.1.gate.a", .f16, [2, 64], [UInt8](repeating: 0, count: 256)),
    ("vectors.finalNorm", .f32, [1], [0, 0, 0xC0, 0x7F]),
    ("vectors.finalNorm", .f16, [1], [0, 0x7C]),
    ("vectors.finalNorm", .f32, [1, 1], [0, 0, 0, 0]),
    ("vectors.finalNorm", .i32, [1], [0, 0, 0, 0]),
  ])
  func refusesWrongTensors(
    name: String, type: ElementType, shape: [Int], bytes: [UInt8]
  ) throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    try rewrite(folder, replacing: name, type, shape, bytes)
    let error = #expect(throws: SparrowError.self) { try Adapter.read(folder.file("a")) }
    #expect(error?.file == folder.file("a/adapter.safetensors"))
    #expect(error?.field.hasPrefix(String(name.dropLast(1))) == true)
  }

  @Test(arguments: ["adapter.json", "adapter.safetensors"])
  func neverTraps(name: String) throws {
    try expectNoTrap(of: Self.adapter(), damaging: name, times: 200, seed: 18) { adapter in
      #expect(adapter.updates.matrices.values.allSatisfy { $0.rank > 0 })
    }
  }

  /// Puts another tensor in the place of one of the adapter's.
  private func rewrite(
    _ folder: TemporaryFolder, replacing name: String, _ type: ElementType, _ shape: [Int],
    _ bytes: [UInt8]
  ) throws {
    let path = folder.file("a/adapter.safetensors")
    let old = try Checkpoint.open(path)
    var writer = SafetensorsWriter()
    for entry in old.tensors where entry.name != name {
      try writer.add(
        name: entry.name, type: entry.type, shape: entry.shape, bytes: Array(old.bytes(of: entry)))
    }
    try writer.add(name: name, type: type, shape: shape, bytes: bytes)
    try writer.write(to: path)
  }
}
