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
    let plan = HeadPlan(
      candidates: 16, kept: 4, doubt: 2.5,
      recalls: [.init(doubt: 0, recall: 0.5), .init(doubt: 1, recall: 0.75)])
    let hash = String(repeating: "0123456789abcdef", count: 4)
    return Adapter(baseHash: hash, baseName: "a \"base\".gguf", head: (plan, sketch))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    let place = folder.file("new/folders/adapter")
    let adapter = Self.adapter()
    try adapter.write(to: place)
    #expect(try Adapter.read(place) == adapter)
    try Adapter(baseHash: adapter.baseHash, baseName: "dense").write(to: place + "/")
    #expect(try Adapter.read(place).head == nil)
    #expect(folder.names == ["new"])
  }

  @Test func replacesOnlyAdapters() throws {
    let folder = try TemporaryFolder()
    try folder.write("diary.txt", "precious")
    #expect(throws: SparrowError.self) { try Self.adapter().write(to: folder.path) }
    #expect(throws: SparrowError.self) { try Self.adapter().write(to: folder.file("diary.txt")) }
    #expect(folder.names == ["diary.txt"])
  }

  @Test func refusesToWriteWhatItWouldNotRead() throws {
    let folder = try TemporaryFolder()
    var adapter = Self.adapter()
    adapter.head?.sketch.deviation = .nan
    #expect(throws: SparrowError.self) { try adapter.write(to: folder.file("a")) }
    #expect(folder.names == [])
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
  static let changes: [(from: String, to: String, kind: SparrowError.Kind, field: String)] = [
    ("\"version\": 2", "\"version\": 3", .unsupported, "version"),
    ("\"version\": 2", "\"version\": \"1\"", .malformed, "version"),
    ("\"version\"", "\"other\"", .malformed, "version"),
    ("\"base\"", "\"other\"", .malformed, "base"),
    ("0123456789abcdef0123", "0123456789abcdeg0123", .malformed, "base.hash"),
    ("\"sketch\"", "\"oracle\"", .unsupported, "head.predictor"),
    ("\"candidates\": 16", "\"candidates\": 3", .malformed, "head.candidates"),
    ("\"candidates\": 16", "\"candidates\": 1e99", .malformed, "head.candidates"),
    ("\"kept\": 4", "\"kept\": 0", .malformed, "head.kept"),
    ("\"doubt\": 2.5", "\"doubt\": -1", .malformed, "head.doubt"),
    ("\"doubt\": 2.5", "\"doubt\": 1e300", .malformed, "head.doubt"),
    ("\"recall\": 0.75", "\"recall\": 1.75", .malformed, "head.recalls"),
    ("\"recall\": 0.75", "\"recall\": null", .malformed, "head.recalls.recall"),
    ("\"rows\": 70", "\"rows\": 129", .malformed, "head.bias"),
    ("\"product\"", "\"oracle\"", .unsupported, "head.coding"),
    ("\"product\"", "\"low-rank\"", .malformed, "head.rows"),
    ("\"rows\": 70", "\"rows\": 9223372036854775807", .malformed, "head.rows"),
    ("\"hidden\": 32", "\"hidden\": 33", .malformed, "head.hidden"),
    ("\"hidden\": 32", "\"hidden\": 64", .malformed, "head.mean"),
    ("\"deviation\": 1.25", "\"deviation\": 0", .malformed, "head.deviation"),
  ]

  @Test(arguments: 0..<changes.count)
  func namesTheField(index: Int) throws {
    let change = Self.changes[index]
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let text = String(decoding: try folder.read("a/adapter.json"), as: UTF8.self)
    let at = try #require(text.firstRange(of: change.from))
    try folder.write("a/adapter.json", text.replacing(at, with: change.to))
    let error = #expect(throws: SparrowError.self) { try Adapter.read(folder.file("a")) }
    #expect(error?.kind == change.kind)
    #expect(error?.field == change.field)
  }

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
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    let seed = try folder.read("a/" + name)
    var mutator = Mutator(seed: 17)
    for _ in 0..<400 {
      try folder.write("a/" + name, mutator.mutate(seed))
      do throws(SparrowError) {
        let adapter = try Adapter.read(folder.file("a"))
        try adapter.head?.sketch.validate(file: "")
      } catch { #expect(!error.file.isEmpty) }
    }
  }

}

extension String {
  func replacing(_ range: Range<String.Index>, with other: String) -> String {
    String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
