import CSparrowKernels
import SparrowFormats
import SparrowTestSupport
import Testing

@Suite struct EncodingTests {
  static let types: [sk_gguf_type] = [
    SK_GGUF_F16, SK_GGUF_BF16, SK_GGUF_Q4_0, SK_GGUF_Q4_1, SK_GGUF_Q5_0, SK_GGUF_Q5_1, SK_GGUF_Q8_0,
  ]
  static let others = sk_gguf_type.names.map(\.type)
    .filter { $0 != SK_GGUF_F32 && !types.contains($0) }

  /// The row's bytes; nil where the type cannot hold the numbers.
  static func encode(_ type: sk_gguf_type, _ x: [Float]) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: x.count / type.block.weights * type.block.bytes)
    return sk_encode_row(type, x, Int32(x.count), &bytes) == 1 ? bytes : nil
  }

  @Test(arguments: types)
  func matchesTheReference(_ type: sk_gguf_type) throws {
    let file = try Checkpoint.open(Fixtures.path("quants.safetensors"))
    let floats = try #require(file["floats"])
    let expected = file.bytes(of: try #require(file["\(type.name).encoded"]))
    let rows = floats.shape[0]
    let columns = floats.shape[1]
    for row in 0..<rows {
      let x = (0..<columns).map {
        file.bytes(of: floats).loadUnaligned(
          fromByteOffset: 4 * (row * columns + $0), as: Float.self)
      }
      let size = expected.count / rows
      #expect(Self.encode(type, x) == Array(expected[row * size..<(row + 1) * size]), "row \(row)")
    }
  }

  @Test func floatsStayAsTheyAre() {
    let x: [Float] = [1.5, -0.1, 1e30, 0x1p-149]
    #expect(Self.encode(SK_GGUF_F32, x) == x.withUnsafeBytes { Array($0) })
  }

  @Test(arguments: types, [.nan, .infinity, 1e38, -.greatestFiniteMagnitude] as [Float])
  func refusesWhatTheTypeCannotHold(_ type: sk_gguf_type, _ value: Float) {
    var x = [Float](repeating: 1, count: 64)
    x[40] = value
    x[41] = -value
    let holds = type == SK_GGUF_BF16 && value == 1e38
    #expect((Self.encode(type, x) != nil) == holds)
  }

  /// 1 over their scale is no number.
  @Test(arguments: types)
  func takesTheSmallestNumbers(_ type: sk_gguf_type) {
    let x = (0..<32).map { Float($0 - 16) * 0x1p-149 }
    #expect(Self.encode(type, x) != nil)
  }

  @Test(arguments: others)
  func hasNoQuantiserOfOthers(_ type: sk_gguf_type) {
    #expect(Self.encode(type, [Float](repeating: 1, count: 256)) == nil)
  }
}
