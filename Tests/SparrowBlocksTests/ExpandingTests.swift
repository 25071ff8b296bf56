import SparrowBlocks
import SparrowFormats
import SparrowTestSupport
import Testing

@Suite struct ExpandingTests {
  /// Against the reference reader of GGUF: exact for blocks of 256 of 2 to 6 bits, but for the
  /// float16 rounding of Q8_K's scale; for others within float32's rounding.
  @Test(arguments: ElementType.weightTypes.filter { $0.blockElements > 1 })
  func matchesTheReference(_ type: ElementType) throws {
    let file = try Checkpoint.open(Fixtures.path("quants.safetensors"))
    let raw = try #require(file["\(type.rawValue.uppercased()).raw"])
    let values = file.bytes(of: try #require(file["\(type.rawValue.uppercased()).values"]))
    let count = values.count / 4
    let expected = (0..<count).map { values.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    var found = [Float](repeating: .nan, count: count)
    type.expand(file.bytes(of: raw).baseAddress!, count: count, into: &found)
    for start in stride(from: 0, to: count, by: 32) {
      let block = start..<start + 32
      let most = expected[block].reduce(0) { max($0, abs($1)) }
      let bound = type == .q8_K ? most * 0x1p-9 : type.blockElements == 256 ? 0 : most * 0x1p-23
      for i in block { #expect(abs(found[i] - expected[i]) <= bound, "weight \(i)") }
    }
  }

  @Test(arguments: EncodingTests.types)
  func encodingKeepsWhatWasExpanded(_ type: ElementType) throws {
    let x = (0..<64).map { Float($0 * 37 % 64) - 31.5 }
    let first = try #require(EncodingTests.encode(type, x))
    var back = [Float](repeating: 0, count: 64)
    type.expand(first, count: 64, into: &back)
    let step = 63 / Float(1 << (type.blockBytes > 2 ? type == .q8_0 ? 8 : 4 : 7))
    #expect(zip(x, back).allSatisfy { abs($0 - $1) <= step })
  }

  @Test func sizesAreThoseOfGGML() {
    let sizes: [ElementType: (Int, Int)] = [
      .f32: (4, 1), .bool: (1, 1), .i64: (8, 1), .q4_0: (18, 32), .q5_1: (24, 32), .mxfp4: (17, 32),
      .q2_K: (84, 256), .q6_K: (210, 256), .q8_K: (292, 256), .tq1_0: (54, 256),
    ]
    for (type, (bytes, elements)) in sizes {
      #expect(type.blockBytes == bytes && type.blockElements == elements)
      #expect(type.byteCount(elements: 3 * elements) == 3 * bytes)
    }
    #expect(ElementType.q4_0.byteCount(elements: 31) == nil)
    #expect(ElementType.f32.byteCount(elements: .max) == nil)
  }
}
