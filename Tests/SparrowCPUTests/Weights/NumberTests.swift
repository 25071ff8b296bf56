import SparrowBlocks
import SparrowCPU
import SparrowCore
import SparrowFormats
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Weights that are no numbers are refused by the name of their tensor.
@Suite struct NumberTests {
  /// Bytes of a scale or an element, 16 bits or 32, that stand for infinity and NaN.
  private static let halves: [[UInt8]] = [[0x00, 0x7C], [0x01, 0xFC]]
  private static let cases: [(type: ElementType, offset: Int, damages: [[UInt8]])] = [
    (.f32, 0, [[0, 0, 0x80, 0x7F], [1, 0, 0xC0, 0xFF]]), (.f16, 0, halves),
    (.bf16, 0, [[0x80, 0x7F], [0xC0, 0xFF]]), (.q4_0, 0, halves), (.q4_1, 2, halves),
    (.q5_0, 0, halves), (.q5_1, 2, halves), (.q8_0, 0, halves), (.q4_K, 0, halves),
    (.q5_K, 2, halves), (.q6_K, 208, halves), (.q2_K, 80, halves), (.q2_K, 82, halves),
    (.q3_K, 108, halves), (.iq4_nl, 0, halves), (.iq4_xs, 0, halves), (.tq1_0, 52, halves),
    (.tq2_0, 64, halves), (.q8_K, 0, [[0, 0, 0x80, 0x7F], [1, 0, 0xC0, 0xFF]]),
    // Finite, but not where they are kept.
    (.q8_K, 0, [[0, 0, 0, 0x48]]), (.mxfp4, 0, [[255], [144]]),
    (.f64, 0, [[0, 0, 0, 0, 0, 0, 0, 0x7F], [0, 0, 0, 0, 0, 0, 0xF0, 0xFF]]),
  ]

  @Test(arguments: 0..<cases.count)
  func aScaleOrElementOfAMatrix(index: Int) throws {
    let (type, offset, damages) = Self.cases[index]
    let folder = try TemporaryFolder()
    let bytes = NetworkModel(type: type, hidden: 256, width: 512).bytes()
    let path = try folder.write("m.gguf", bytes)
    _ = try engine(path, threads: 2)
    let entry = try #require(try Checkpoint.open(path)["blk.0.ffn_down.weight"])
    let blocks = entry.byteCount / type.blockBytes
    for damage in damages {
      for block in [0, blocks / 3, blocks - 1] {
        var damaged = bytes
        let at = entry.offset + block * type.blockBytes + offset
        damaged.replaceSubrange(at..<at + damage.count, with: damage)
        let path = try folder.write("damaged.gguf", damaged)
        let error = #expect(throws: SparrowError.self) { try engine(path, threads: 2) }
        #expect(error?.kind == .malformed && error?.field == entry.name)
      }
    }
  }

  @Test(arguments: [
    ("gpt2", "h.1.attn.c_attn.weight"), ("gpt2", "h.0.ln_1.bias"),
    ("llama2", "model.norm.weight"), ("llama2", "model.embed_tokens.weight"),
  ])
  func anElementOfAFolder(name: String, tensor: String) throws {
    let folder = try TemporaryFolder()
    var model = try FloatModel(Fixtures.path("models/" + name))
    try model.damage(tensor)
    let path = try model.write(to: folder, name)
    let error = #expect(throws: SparrowError.self) { try engine(path, threads: 2) }
    #expect(error?.kind == .malformed && error?.field == tensor)
  }

  /// Old writers pad headers to no multiple of anything.
  @Test(arguments: ["llama2", "mistral", "gpt2"])
  func foldersWhoseDataBeginAtAnyByteAreRead(name: String) throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.path("models/" + name)
    var bytes = try contents(of: source + "/model.safetensors")
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let spaces = 1 + (4 - (8 + length) % 4) % 4
    bytes.insert(contentsOf: [UInt8](repeating: 0x20, count: spaces), at: 8 + length)
    bytes.replaceSubrange(..<8, with: little(UInt64(length + spaces)))
    #expect((8 + length + spaces) % 4 == 1)
    try Files.makeFolder(folder.file(name))
    try folder.write(name + "/model.safetensors", bytes)
    try folder.write(name + "/config.json", contents(of: source + "/config.json"))
    let expected = try Fixtures.expected(name)
    let own = try engine(folder.file(name), threads: 1)
    let found = try logits(own, expected.tokens, chunk: 7)
    #expect(zip(found, expected.logits).allSatisfy { abs($0 - $1) < 1e-3 })
  }
}
